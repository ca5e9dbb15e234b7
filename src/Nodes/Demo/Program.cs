using PasswordSync.Demo;
using PasswordSync.Hosting;

// The main job on embedded defaults: see the README. "--once" makes a fixed run and verifies the targets.
var once = args is ["--once"];
if (args.Length > 0 && !once)
{
    Console.Error.WriteLine("usage: dotnet run --project src/Nodes/Demo [-- --once]");
    return 2;
}

using var termination = new Termination();
var display = new DemoDisplay(Console.Out, DemoLandscape.Points);
var landscape = await DemoLandscape.StartAsync(display.Observe, termination.Requested).ConfigureAwait(false);
await using (landscape.ConfigureAwait(false))
{
    var run = new DemoRun(landscape, display, Console.Out);
    return once ? await run.OnceAsync(termination.Requested).ConfigureAwait(false) : await run.TalkAsync(Console.In, termination.Requested).ConfigureAwait(false);
}
