// Loaded into a server that is measured (`node --import`): it tells what it has used when it is asked.
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() });
});
// It neither keeps the server running nor lets it outlive who measures it.
process.channel?.unref();
process.on("disconnect", () => process.exit());
