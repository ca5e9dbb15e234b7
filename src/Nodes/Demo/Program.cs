using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Demo;
using PasswordSync.Hosting;
using PasswordSync.Hosting.Logging;
using Serilog.Events;

// The main job on embedded defaults: see the README. "--once" makes a fixed run and verifies the targets; "--log" shows what node and edge log.
var (once, log) = (args.Contains("--once"), args.Contains("--log"));
if (args.Except(["--once", "--log"]).Any())
{
    Console.Error.WriteLine("usage: dotnet run --project src/Nodes/Demo [-- [--once] [--log]]");
    return 2;
}

using var loggers = log ? NodeLogging.Create(new LogSettings(LogEventLevel.Debug)) : NullLoggerFactory.Instance;

using var termination = new Termination();
var display = new DemoDisplay(Console.Out, DemoLandscape.Points);
var landscape = await DemoLandscape.StartAsync(display.Observe, loggers, termination.Requested).ConfigureAwait(false);
await using (landscape.ConfigureAwait(false))
{
    var run = new DemoRun(landscape, display, Console.Out);
    return once ? await run.OnceAsync(termination.Requested).ConfigureAwait(false) : await run.TalkAsync(Console.In, termination.Requested).ConfigureAwait(false);
}
