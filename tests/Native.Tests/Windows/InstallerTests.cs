using System.Runtime.Versioning;
using PasswordSync.EdgeNode.Windows;
using PasswordSync.Native.Tests.Running;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>The MSI for domain controllers under Wine's Windows Installer, with a small service in the edge's place.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class InstallerTests
{
    private const string Ours = "PasswordSyncFilter";

    private static readonly string[] Repair = ["REINSTALL=ALL", "REINSTALLMODE=amus"];
    private static readonly string[] Foreign = ["scecli", "Some Vendor", "PasswordSyncFilter2"];

    private static string Dll => Path.Combine(WineMachine.DriveC, "windows", "system32", "PasswordSyncFilter.dll");

    private static string Program => Path.Combine(WineMachine.DriveC, "Program Files", "PasswordSync", "Edge", "PasswordSync.EdgeNode.exe");

    [Fact]
    public async Task Install_repair_and_uninstall_leave_foreign_packages_untouched()
    {
        await InstallerSite.NeedAsync();
        await InstallerSite.SetPackagesAsync(Foreign);

        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, "NODES=https://sync1.example.test:9443", "CLUSTER=main")).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe([.. Foreign, Ours]);
        (await InstallerSite.IsServiceRunningAsync()).ShouldBeTrue();
        File.Exists(Dll).ShouldBeTrue();
        File.Exists(Path.Combine(Path.GetDirectoryName(Program)!, "more.txt")).ShouldBeTrue();
        (await InstallerSite.ValueAsync(@"HKLM\SOFTWARE\PasswordSync\Edge", "Nodes", "REG_SZ")).ShouldBe("https://sync1.example.test:9443");
        (await InstallerSite.ValueAsync(@"HKLM\SOFTWARE\PasswordSync\Filter", "CaptureFile", "REG_SZ")).ShouldBe(@"C:\ProgramData\PasswordSync\capture");
        (await InstallerSite.ValueAsync(@"HKLM\SOFTWARE\PasswordSync\Filter", "EdgeProgram", "REG_SZ")).ShouldBe(@"C:\Program Files\PasswordSync\Edge\PasswordSync.EdgeNode.exe");
        Directory.Exists(Path.Combine(WineMachine.DriveC, "ProgramData", "PasswordSync")).ShouldBeTrue();

        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, Repair)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe([.. Foreign, Ours]);

        (await InstallerSite.InstallAsync("/x", InstallerSite.Package)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe(Foreign);
        (await InstallerSite.IsServiceRunningAsync()).ShouldBeFalse();
        File.Exists(Dll).ShouldBeFalse();
        File.Exists(Program).ShouldBeFalse();
    }

    [Fact]
    public async Task Install_that_fails_is_rolled_back()
    {
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        var failing = await FailingAsync(site, "5950", "NOT REMOVE");
        await InstallerSite.SetPackagesAsync(Foreign);

        (await InstallerSite.InstallAsync("/i", failing)).ShouldNotBe(0);

        (await InstallerSite.PackagesAsync()).ShouldBe(Foreign);
        File.Exists(Program).ShouldBeFalse();
    }

    [Fact]
    public async Task Failing_repair_leaves_the_entry_in_place()
    {
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        var failing = await FailingAsync(site, "5950", "REINSTALL");
        await InstallerSite.SetPackagesAsync(Foreign);
        (await InstallerSite.InstallAsync("/i", failing)).ShouldBe(0);

        (await InstallerSite.InstallAsync("/i", failing, Repair)).ShouldNotBe(0);

        (await InstallerSite.PackagesAsync()).ShouldBe([.. Foreign, Ours]);
        (await InstallerSite.InstallAsync("/x", failing)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe(Foreign);
    }

    [Fact]
    public async Task Setup_changes_exactly_one_entry_and_takes_back_only_what_it_changed()
    {
        await InstallerSite.NeedAsync();

        await InstallerSite.SetPackagesAsync("b", "PASSWORDSYNCFILTER", "a", Ours, "b");
        (await ChangeAsync("add")).ShouldBe(["b", "PASSWORDSYNCFILTER", "a", Ours, "b"], "it is there, whatever its case");
        (await ChangeAsync("undo")).ShouldBe(["b", "PASSWORDSYNCFILTER", "a", Ours, "b"], "the last change was none");
        (await ChangeAsync("remove")).ShouldBe(["b", "a", "b"]);
        (await ChangeAsync("add")).ShouldBe(["b", "a", "b", Ours]);
        (await ChangeAsync("undo")).ShouldBe(["b", "a", "b"]);

        await InstallerSite.SetPackagesAsync();
        (await ChangeAsync("add")).ShouldBe([Ours]);
    }

    [Fact]
    public async Task Setup_refuses_a_list_of_another_type_and_commands_it_does_not_know()
    {
        await InstallerSite.NeedAsync();
        await InstallerSite.SetPackagesAsync();
        await WineMachine.RunAsync("reg", ["add", @"HKLM\System\CurrentControlSet\Control\Lsa", "/v", "Notification Packages", "/t", "REG_SZ", "/d", "scecli", "/f"]);

        (await InstallerSite.RunSetupAsync("packages", "add", Ours)).ShouldNotBe(0);
        (await InstallerSite.ValueAsync(@"HKLM\System\CurrentControlSet\Control\Lsa", "Notification Packages", "REG_SZ")).ShouldBe("scecli");
        (await InstallerSite.RunSetupAsync("packages", "purge", Ours)).ShouldNotBe(0);
        (await InstallerSite.RunSetupAsync("packages", "add")).ShouldNotBe(0);
        (await InstallerSite.RunSetupAsync("packages", "add", "")).ShouldNotBe(0);
        await InstallerSite.SetPackagesAsync();
    }

    [Fact]
    public async Task Everything_is_signed_with_a_key_from_outside()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Part of the long series.");
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        var (key, certificate, output) = (Path.Combine(site.Folder, "key.pem"), Path.Combine(site.Folder, "certificate.pem"), Path.Combine(site.Folder, "signed"));
        await RunAsync("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=Example signing", "-addext", "extendedKeyUsage=codeSigning");

        await InstallerSite.BuildAsync(output, new Dictionary<string, string> { ["SIGN_KEY"] = key, ["SIGN_CERTIFICATE"] = certificate });

        foreach (var program in (string[])["PasswordSyncFilter.dll", "PasswordSyncSetup.exe", "edge/PasswordSync.EdgeNode.exe"])
            AuthenticodeSigner.Describe(await File.ReadAllBytesAsync(Path.Combine(output, "stage", program), TestContext.Current.CancellationToken)).ShouldBe("signed by CN=Example signing", program);
        (await RunAsync("osslsigncode", "verify", "-CAfile", certificate, "-in", Path.Combine(output, "PasswordSyncEdge.msi"))).ShouldContain("Signature verification: ok");
        (await File.ReadAllTextAsync(Path.Combine(output, "SHA256SUMS"), TestContext.Current.CancellationToken)).ShouldContain("PasswordSyncFilter.dll");
    }

    /// <summary>The package with one action more, which fails.</summary>
    private static async Task<string> FailingAsync(FilterSite site, string sequence, string condition)
    {
        const int programDeferredAsSystem = 3074;
        var package = Path.Combine(site.Folder, "failing.msi");
        File.Copy(InstallerSite.Package, package);
        await RunAsync("msibuild", package, "-q", $"INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('Fail', {programDeferredAsSystem}, 'Setup', 'no such command')");
        await RunAsync("msibuild", package, "-q", $"INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('Fail', '{condition}', {sequence})");
        return package;
    }

    private static async Task<string[]> ChangeAsync(string how)
    {
        (await InstallerSite.RunSetupAsync("packages", how, Ours)).ShouldBe(0);
        return await InstallerSite.PackagesAsync();
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var end = await ProcessRun.RunAsync(program, arguments, default, environment: null, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0, end.Output + end.Error);
        return end.Output;
    }
}
