using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>The edge as it is published, on Wine's Windows: what it sees of the filter there, and how it ends as a service.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class PublishedEdgeTests
{
    private static readonly TimeSpan ServiceMax = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Doctor_tells_a_filter_that_waits_for_a_restart_from_one_that_was_not_loaded_and_one_that_captures()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Part of the long series.");
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        var program = await EdgeAsync();
        try
        {
            File.Copy(WineMachine.Filter, InstallerSite.Dll, overwrite: true);
            await InstallerSite.SetPackagesAsync("scecli");
            (await InstallerSite.RunSetupAsync("packages", "add", InstallerSite.Ours)).ShouldBe(0);
            (await ExamineAsync(program, site)).ShouldContain("it was installed or repaired after Windows started");

            await WineMachine.RestartAsync();
            (await ExamineAsync(program, site)).ShouldSatisfyAllConditions(
                told => told.ShouldContain("LSASS has not loaded it, though Windows was started since"),
                told => told.ShouldContain("LSASS is told to load scecli, too."));

            await using var lsass = await LsassDouble.StartAsync(site);
            (await ExamineAsync(program, site)).ShouldContain("LSASS has loaded it, and it captures; its DLL is unsigned.");
        }
        finally
        {
            File.Delete(InstallerSite.Dll);
            await InstallerSite.SetPackagesAsync();
        }
    }

    [Fact]
    public async Task Service_without_a_configuration_tells_the_service_manager_that_it_failed()
    {
        const string service = "PasswordSyncEdgeOfTests";
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Part of the long series.");
        await WineMachine.NeedAsync();
        var program = await EdgeAsync();
        (await WineStart.RunAsync("sc", ["create", service, "binPath=", $"\"{WineMachine.ToWindows(program)}\" run --service --config C:\\nowhere\\edge.json"])).ExitCode.ShouldBe(0);
        try
        {
            (await WineStart.RunAsync("sc", ["start", service])).ExitCode.ShouldBe(0);

            var start = TimeProvider.System.GetTimestamp();
            string told;
            while (!(told = (await WineStart.RunAsync("sc", ["query", service])).Output).Contains("STOPPED", StringComparison.Ordinal))
                TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(ServiceMax, told);

            // 1066: an error of the service's own, which recovery actions count as a failure.
            told.ShouldContain("1066");
            told.ShouldContain("SERVICE_EXIT_CODE  : 2");
        }
        finally
        {
            await WineStart.RunAsync("sc", ["delete", service]);
        }
    }

    private static async Task<string> EdgeAsync() => Path.Combine(await WindowsPublish.MakeAsync(Path.Combine("src", "Nodes", "EdgeNode")), "PasswordSync.EdgeNode.exe");

    /// <summary>What <c>doctor</c> says, with nodes and a directory that nobody answers for.</summary>
    private static async Task<string> ExamineAsync(string program, FilterSite site)
    {
        var file = Path.Combine(site.Folder, "edge.json");
        await File.WriteAllTextAsync(
            file,
            """
            {
              "cluster": "main", "source": "corp.example.test", "domainController": "dc1.corp.example.test", "nodes": ["https://127.0.0.1:1"],
              "authority": "ca.pem", "certificate": "edge.pem", "key": "edge.key", "data": ".", "socket": "passwordsync-edge", "drop": "drop",
              "captureFile": "capture", "directory": { "server": "127.0.0.1:1", "security": "none" }, "log": { "folder": "log" }
            }
            """,
            TestContext.Current.CancellationToken);
        return (await WineStart.RunAsync(program, ["doctor", "--config", WineMachine.ToWindows(file)])).Output;
    }
}
