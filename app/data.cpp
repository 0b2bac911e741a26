// limn data: the command that those of data sets are below.
#include "app/commands.hpp"

namespace limn::app {

void add_data(const Command& app) {
  const Command data = app.add_command("data", "look into data sets, convert and download them");
  data.requires_command();
  data.set_footer("\nExamples:\n  limn data info cat.npz\n  limn data convert cat.ndjson -o cat.npz --split 90/5/5\n");
  add_data_info(data);
  add_data_convert(data);
  add_data_fetch(data);
}

}  // namespace limn::app
