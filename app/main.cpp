// The limn command.
#include "app/command_line.hpp"
#include "app/pretrained.hpp"

int main(int argc, char** argv) {
  return limn::app::run_command_line(argc, argv, limn::models::standard_registry(limn::app::pretrained_models()));
}
