using System.Runtime.Versioning;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>tests/Windows.Edge, published for Windows with its runtime, once.</summary>
[SupportedOSPlatform("linux")]
internal static class EdgePublish
{
    /// <summary>Starts the edge's first half for the site.</summary>
    /// <param name="site">Whose captures it takes.</param>
    /// <param name="spool">The spool's folder.</param>
    /// <param name="clientProgram">The only program that it serves, as Windows names it; null for any.</param>
    public static async Task<LineProcess> StartAsync(FilterSite site, string spool, string? clientProgram)
    {
        var folder = await WindowsPublish.MakeAsync(Path.Combine("tests", "Windows.Edge"));
        var process = new LineProcess(await WineStart.StartAsync(
            Path.Combine(folder, "PasswordSync.Windows.Edge.exe"),
            [site.Pipe, WineMachine.ToWindows(site.DropFolder), WineMachine.ToWindows(spool), FilterSite.Cluster, FilterSite.Source, FilterSite.DomainController, clientProgram ?? "-"]));
        (await process.NextAsync()).ShouldBe("ready");
        return process;
    }
}
