// gRPC prints to standard error what we say ourselves and better, such as that a port is taken.
process.env.GRPC_VERBOSITY ??= "NONE";
