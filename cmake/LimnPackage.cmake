# A Debian package of the command alone: `cmake --build … --target package` with LIMN_BUILD_PACKAGE (scripts/release.sh
# does so). Its manual pages and completions are what the built command says of itself.
option(LIMN_BUILD_PACKAGE "Make manual pages and completions, and let CPack make a Debian package" OFF)
if(NOT LIMN_BUILD_PACKAGE)
  return()
endif()

find_program(LIMN_HELP2MAN help2man REQUIRED)  # Debian's help2man
set(limn_texts ${PROJECT_BINARY_DIR}/package-texts)
add_custom_command(OUTPUT ${limn_texts}/made
  COMMAND ${PROJECT_SOURCE_DIR}/cmake/package-texts.sh $<TARGET_FILE:limn> ${limn_texts} ${PROJECT_SOURCE_DIR}
  DEPENDS limn ${PROJECT_SOURCE_DIR}/cmake/package-texts.sh VERBATIM)
add_custom_target(limn_package_texts ALL DEPENDS ${limn_texts}/made)
install(DIRECTORY ${limn_texts}/share/ DESTINATION ${CMAKE_INSTALL_DATAROOTDIR} COMPONENT command)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME limn)
set(CPACK_PACKAGE_VENDOR "limn")
set(CPACK_PACKAGE_CONTACT "The limn authors <limn@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL command)
set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME limn)
set(CPACK_DEBIAN_COMMAND_FILE_NAME DEB-DEFAULT)
set(CPACK_COMPONENT_COMMAND_DESCRIPTION "The command limn trains Sketch-RNN, DRAW and VAEs, evaluates them, and lets
people play: sample, complete, interpolate, export, and draw together in a web page. Trained models are part of it.")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS "libcurl4")  # which is loaded when it is needed
include(CPack)
