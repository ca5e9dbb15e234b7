using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>The program that the installer calls to change LSA's list.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class SetupProgramTests
{
    [Fact]
    public async Task Setup_changes_exactly_one_entry_and_takes_back_only_what_it_changed()
    {
        await InstallerSite.NeedAsync();

        await InstallerSite.SetPackagesAsync("b", "PASSWORDSYNCFILTER", "a", InstallerSite.Ours, "b");
        (await ChangeAsync("add")).ShouldBe(["b", "PASSWORDSYNCFILTER", "a", InstallerSite.Ours, "b"], "it is there, whatever its case");
        (await ChangeAsync("undo")).ShouldBe(["b", "PASSWORDSYNCFILTER", "a", InstallerSite.Ours, "b"], "the last change was none");
        (await ChangeAsync("remove")).ShouldBe(["b", "a", "b"]);
        (await ChangeAsync("add")).ShouldBe(["b", "a", "b", InstallerSite.Ours]);
        (await ChangeAsync("undo")).ShouldBe(["b", "a", "b"]);

        await InstallerSite.SetPackagesAsync();
        (await ChangeAsync("add")).ShouldBe([InstallerSite.Ours]);
    }

    /// <summary>What the edge tells "restart" from "restarted, and not loaded" by: no clock and no date of a file, which an installation takes from the package.</summary>
    [Fact]
    public async Task What_was_added_is_marked_until_Windows_starts_again()
    {
        const string marked = @"HKLM\SOFTWARE\PasswordSync\Setup\AddedSinceStart";
        await InstallerSite.NeedAsync();
        await WineMachine.RestartAsync();
        (await WineStart.RunAsync("reg", ["query", marked])).ExitCode.ShouldNotBe(0);

        await InstallerSite.SetPackagesAsync(InstallerSite.Ours);
        (await ChangeAsync("add")).ShouldBe([InstallerSite.Ours]);
        (await WineStart.RunAsync("reg", ["query", marked])).ExitCode.ShouldBe(0, "a repair marks it, too: it may have brought the library");

        await WineMachine.RestartAsync();
        (await WineStart.RunAsync("reg", ["query", marked])).ExitCode.ShouldNotBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe([InstallerSite.Ours], "the entry itself is there for good");
        await InstallerSite.SetPackagesAsync();
    }

    [Fact]
    public async Task Setup_refuses_a_list_of_another_type_and_commands_it_does_not_know()
    {
        await InstallerSite.NeedAsync();
        await InstallerSite.SetPackagesAsync();
        await WineStart.RunAsync("reg", ["add", @"HKLM\System\CurrentControlSet\Control\Lsa", "/v", "Notification Packages", "/t", "REG_SZ", "/d", "scecli", "/f"]);

        (await InstallerSite.RunSetupAsync("packages", "add", InstallerSite.Ours)).ShouldNotBe(0);
        (await InstallerSite.ValueAsync(@"HKLM\System\CurrentControlSet\Control\Lsa", "Notification Packages", "REG_SZ")).ShouldBe("scecli");
        (await InstallerSite.RunSetupAsync("packages", "purge", InstallerSite.Ours)).ShouldNotBe(0);
        (await InstallerSite.RunSetupAsync("packages", "add")).ShouldNotBe(0);
        (await InstallerSite.RunSetupAsync("packages", "add", "")).ShouldNotBe(0);
        await InstallerSite.SetPackagesAsync();
    }

    /// <summary>It runs as SYSTEM: whoever builds it can compare.</summary>
    [Fact]
    public async Task Two_builds_of_setup_give_the_same_bytes()
    {
        await InstallerSite.NeedAsync();

        (await File.ReadAllBytesAsync(InstallerSite.SetupBuiltElsewhere, TestContext.Current.CancellationToken))
            .ShouldBe(await File.ReadAllBytesAsync(InstallerSite.Setup, TestContext.Current.CancellationToken));
    }

    private static async Task<string[]> ChangeAsync(string how)
    {
        (await InstallerSite.RunSetupAsync("packages", how, InstallerSite.Ours)).ShouldBe(0);
        return await InstallerSite.PackagesAsync();
    }
}
