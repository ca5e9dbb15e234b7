using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>What is left behind when the MSI's work fails half-way: capturing goes on if it did before, and no other's entry is ever changed.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class InstallerFailureTests : IAsyncLifetime
{
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Where Wine takes an installation back it leaves the service's process running, and no service can then be made under its name.</summary>
    public async ValueTask DisposeAsync() => await WineMachine.RestartAsync();

    [Fact]
    public async Task Failing_upgrade_leaves_the_entry_of_the_former_version()
    {
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        var failing = await InstallerSite.FailingAsync(site, InstallerSite.LaterPackage, "5950", "NOT REMOVE");
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);
        (await InstallerSite.InstallAsync("/i", InstallerSite.Package)).ShouldBe(0);

        (await InstallerSite.InstallAsync("/i", failing)).ShouldNotBe(0);

        // The files, which Windows brings back, Wine removes.
        (await InstallerSite.PackagesAsync()).ShouldBe([.. InstallerSite.Foreign, InstallerSite.Ours]);
        (await InstallerSite.InstallAsync("/x", InstallerSite.Package)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe(InstallerSite.Foreign);
    }

    [Fact]
    public async Task Uninstallation_that_fails_leaves_the_entry_and_the_library()
    {
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        var failing = await InstallerSite.FailingAsync(site, InstallerSite.Package, "3450", "REMOVE=\"ALL\"");
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);
        (await InstallerSite.InstallAsync("/i", failing)).ShouldBe(0);

        (await InstallerSite.InstallAsync("/x", failing)).ShouldNotBe(0);

        (await InstallerSite.PackagesAsync()).ShouldBe([.. InstallerSite.Foreign, InstallerSite.Ours]);
        File.Exists(InstallerSite.Dll).ShouldBeTrue();
        await InstallerSite.RunAsync("msibuild", failing, "-q", "DELETE FROM `InstallExecuteSequence` WHERE `Action`='Fail'");
        (await InstallerSite.InstallAsync("/i", failing, InstallerSite.Repair)).ShouldBe(0);
        (await InstallerSite.InstallAsync("/x", failing)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe(InstallerSite.Foreign);
    }

    [Fact]
    public async Task Install_that_fails_is_rolled_back()
    {
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        var failing = await InstallerSite.FailingAsync(site, InstallerSite.Package, "5950", "NOT REMOVE");
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);

        (await InstallerSite.InstallAsync("/i", failing)).ShouldNotBe(0);

        (await InstallerSite.PackagesAsync()).ShouldBe(InstallerSite.Foreign);
        File.Exists(InstallerSite.BesideEdge).ShouldBeFalse();
    }

    [Fact]
    public async Task Failing_repair_leaves_the_entry_in_place()
    {
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        var failing = await InstallerSite.FailingAsync(site, InstallerSite.Package, "5950", "REINSTALL");
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);
        (await InstallerSite.InstallAsync("/i", failing)).ShouldBe(0);

        (await InstallerSite.InstallAsync("/i", failing, InstallerSite.Repair)).ShouldNotBe(0);

        (await InstallerSite.PackagesAsync()).ShouldBe([.. InstallerSite.Foreign, InstallerSite.Ours]);
        (await InstallerSite.InstallAsync("/x", failing)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe(InstallerSite.Foreign);
    }
}
