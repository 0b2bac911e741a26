# The files of limn's rooms that draw. Functions that they name and the module never calls (files, data sets, training)
# are not compiled, or fall away when the module is linked.
set(core base64 error half_float json options random safetensors)
set(arrays npy)
set(kernels aligned_buffer cells/cell_rows cells/cell_stepper cells/gated_sequence cells/hyper
  cells/hyper_backward cells/hyper_products cells/hyper_rows cells/layer_norm cells/layer_norm_rows cells/lstm
  cells/recurrent cells/sequence_layout cells/dropout images/attention_window images/batch_norm images/convolution images/error_image
  images/window_filters losses/gaussian_latent losses/mixture_density losses/pixel_losses precision products/gemm
  products/gemm_onednn products/gemm_pack products/gemm_portable products/linear)
set(sketch batch doodles doodle_kinds doodle_nature doodle_pen doodle_things sketch simplify significance pickle_writer npz)
set(image image dataset)
set(models checkpoint draw/drawing draw/evaluation draw/options draw/step_forward draw/step_backward draw/step draw/tensors endings fitted_prior
  image_model latent latent_planes model next_point paper prior_fit readings registry shared_work sketch_model sketch_rnn/beginnings
  sketch_rnn/contents sketch_rnn/decoder sketch_rnn/decoder_pass sketch_rnn/drawing sketch_rnn/drawing_loop
  sketch_rnn/encoder sketch_rnn/encoder_pass sketch_rnn/long_texts sketch_rnn/loss_rows sketch_rnn/magenta_json sketch_rnn/magenta_script
  sketch_rnn/options sketch_rnn/packed_linear sketch_rnn/tensors step_noise stroke_orders vae/drawing vae/evaluation vae/network
  vae/options vae/stage vae/step vae/tensors)
# The studio's calls, for its own module.
set(serve canvas_api http image_api json_body picture_api sketch_api studio_api studio_models)
list(TRANSFORM serve REPLACE "(.+)" "${root}/limn/serve/\\1.cpp" OUTPUT_VARIABLE studio_sources)
set(render curve gcode palette sheet svg_writer text travel)

function(room_sources variable)
  set(sources "")
  foreach(room ${ARGN})
    foreach(name ${${room}})
      list(APPEND sources ${root}/limn/${room}/${name}.cpp)
    endforeach()
  endforeach()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

file(READ ${root}/VERSION LIMN_VERSION)
string(STRIP "${LIMN_VERSION}" LIMN_VERSION)
configure_file(${root}/limn/core/version.hpp.in ${PROJECT_BINARY_DIR}/generated/limn/core/version.hpp @ONLY)

# Arithmetic is compiled for speed, everything else for size, and several files at once.
room_sources(arithmetic kernels)
room_sources(others core arrays sketch image models render)
add_library(room_kernels STATIC ${arithmetic})
target_include_directories(room_kernels PUBLIC ${root} ${PROJECT_BINARY_DIR}/generated)
target_include_directories(room_kernels SYSTEM PUBLIC ${headers})
target_compile_definitions(room_kernels PUBLIC FMT_HEADER_ONLY FMT_STATIC_THOUSANDS_SEPARATOR=',' HWY_COMPILE_ONLY_STATIC)
target_compile_options(room_kernels PUBLIC -Wall -Wextra -Werror PRIVATE -O2)
add_library(rooms STATIC ${others})
target_link_libraries(rooms PUBLIC room_kernels)
target_compile_options(rooms PRIVATE -Oz)
set_target_properties(rooms PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
