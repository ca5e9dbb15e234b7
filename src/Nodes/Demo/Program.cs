using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Demo;
using PasswordSync.Hosting;
using PasswordSync.Hosting.Logging;
using PasswordSync.Hosting.Settings;
using Serilog.Events;

// The main job on embedded defaults: see the README. "--once" makes a fixed run and verifies the targets; "--log" shows what node and edge log; "--points" tries
// sync points of your own.
var (once, log) = (args.Contains("--once"), args.Contains("--log"));
var tried = args.SkipWhile(argument => argument != "--points").Take(2).ToArray();
if (args.Except(["--once", "--log", .. tried]).Any() || tried.Length == 1)
{
    Console.Error.WriteLine("usage: dotnet run --project src/Nodes/Demo [-- [--once] [--log] [--points FILE]]");
    return 2;
}

using var loggers = log ? NodeLogging.Create(new LogSettings(LogEventLevel.Debug)) : NullLoggerFactory.Instance;
using var termination = new Termination();
try
{
    var points = await DemoPoints.ReadAsync(tried.LastOrDefault(), termination.Requested).ConfigureAwait(false);
    var display = new DemoDisplay(Console.Out, points.Names);
    var landscape = await DemoLandscape.StartAsync(points, display.Observe, loggers, termination.Requested).ConfigureAwait(false);
    await using (landscape.ConfigureAwait(false))
    {
        var run = new DemoRun(landscape, display, Console.Out);
        return once ? await run.OnceAsync(termination.Requested).ConfigureAwait(false) : await run.TalkAsync(Console.In, termination.Requested).ConfigureAwait(false);
    }
}
catch (Exception e) when (tried.Length > 0 && (e is IOException or UnauthorizedAccessException or InvalidDataException or SettingsException))
{
    // Something is wrong with what the caller tries out.
    Console.Error.WriteLine(e.Message);
    return 2;
}
