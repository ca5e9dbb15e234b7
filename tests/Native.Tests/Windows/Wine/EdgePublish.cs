using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>tests/Windows.Edge, published for Windows with its runtime, once.</summary>
[SupportedOSPlatform("linux")]
internal static class EdgePublish
{
    private static readonly SemaphoreSlim Publishing = new(1);
    private static bool published;

    private static string Program => Path.Combine(NativeBuild.Folder("windows"), "publish", "Windows.Edge", "release_win-x64", "PasswordSync.Windows.Edge.exe");

    /// <summary>Starts the edge's first half for the site.</summary>
    /// <param name="site">Whose captures it takes.</param>
    /// <param name="spool">The spool's folder.</param>
    /// <param name="clientProgram">The only program that it serves, as Windows names it; null for any.</param>
    public static async Task<LineProcess> StartAsync(FilterSite site, string spool, string? clientProgram)
    {
        await PublishAsync();
        var process = new LineProcess(await WineStart.StartAsync(
            Program,
            [site.Pipe, WineMachine.ToWindows(site.DropFolder), WineMachine.ToWindows(spool), FilterSite.Cluster, FilterSite.Source, FilterSite.DomainController, clientProgram ?? "-"]));
        (await process.NextAsync()).ShouldBe("ready");
        return process;
    }

    private static async Task PublishAsync()
    {
        await Publishing.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (published) return;
            var project = Path.Combine(NativeBuild.Sources, "..", "..", "tests", "Windows.Edge");
            var end = await ProcessRun.RunAsync(
                "dotnet", ["publish", project, "-r", "win-x64", "--self-contained", "--artifacts-path", NativeBuild.Folder("windows"), "-v", "quiet", "-nologo"],
                default, environment: null, TestContext.Current.CancellationToken);
            end.ExitCode.ShouldBe(0, end.Output + end.Error);
            published = true;
        }
        finally
        {
            Publishing.Release();
        }
    }
}
