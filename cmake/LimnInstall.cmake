# cmake --install: the rooms, their headers, the command, the module on LibTorch where it was built, and the files that
# find_package(limn) reads.
include(CMakePackageConfigHelpers)
set(limn_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/limn)

get_property(limn_rooms GLOBAL PROPERTY LIMN_ROOMS)
install(TARGETS limn_flags EXPORT limnTargets)
set_target_properties(limn_flags PROPERTIES EXPORT_NAME flags)
foreach(room ${limn_rooms})
  install(TARGETS limn_${room} EXPORT limnTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/limn/${room} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/limn
    FILES_MATCHING PATTERN *.hpp)
endforeach()
install(FILES ${PROJECT_BINARY_DIR}/generated/limn/core/version.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/limn/core)
install(EXPORT limnTargets NAMESPACE limn:: DESTINATION ${limn_package_dir})
if(LIMN_HAS_TORCH)
  install(TARGETS limn_libtorch LIBRARY DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/limn)
endif()
install(TARGETS limn RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT command)
# For limn serve --export, where scripts/build-wasm.sh has made it.
install(FILES ${PROJECT_SOURCE_DIR}/build/wasm/limn-studio.wasm DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/limn
  COMPONENT command OPTIONAL)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/limn-config.cmake.in ${PROJECT_BINARY_DIR}/limn-config.cmake
  INSTALL_DESTINATION ${limn_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/limn-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/limn-config.cmake ${PROJECT_BINARY_DIR}/limn-config-version.cmake
  ${PROJECT_SOURCE_DIR}/cmake/LimnExternal.cmake DESTINATION ${limn_package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
include(LimnPackage)
