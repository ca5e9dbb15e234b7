using System.Runtime.Versioning;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>native/Filter/tests/windows/edge_double.c: takes, delays, refuses, drops or ignores what comes through the pipe.</summary>
[SupportedOSPlatform("linux")]
internal static class EdgeOnPipe
{
    public static async Task<LineProcess> StartAsync(FilterSite site, string mode)
    {
        await WineMachine.NeedAsync();
        var process = new LineProcess(await WineStart.StartAsync(WineMachine.TestProgram("edge_double.exe"), [site.Pipe, mode, WineMachine.ToWindows(site.TakenFolder)]));
        (await process.NextAsync()).ShouldBe("ready");
        return process;
    }
}
