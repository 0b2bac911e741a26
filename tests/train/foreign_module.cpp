// A library that is not a module of limn.
extern "C" int foreign_function() { return 1; }
