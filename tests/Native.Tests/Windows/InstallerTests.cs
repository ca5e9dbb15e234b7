using System.Runtime.Versioning;
using PasswordSync.EdgeNode.Windows;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>The MSI under Wine's Windows Installer, with a small service in the place of edge and sync server.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class InstallerTests
{
    private const string Edge = "PasswordSyncEdge";
    private const string Node = "PasswordSyncNode";
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    [Fact]
    public async Task Install_repair_and_uninstall_leave_foreign_packages_untouched()
    {
        await InstallerSite.NeedAsync();
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);

        if (Directory.Exists(DataFolder("PasswordSync"))) Directory.Delete(DataFolder("PasswordSync"), recursive: true);
        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, "NODES=https://sync1.example.test:9443", "CLUSTER=main")).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe([.. InstallerSite.Foreign, InstallerSite.Ours]);
        await InstallerSite.UntilServiceAsync(Edge, "RUNNING");
        File.Exists(InstallerSite.Dll).ShouldBeTrue();
        File.Exists(InstallerSite.BesideEdge).ShouldBeTrue();
        (await InstallerSite.ValueAsync(@"HKLM\SOFTWARE\PasswordSync\Edge", "Nodes", "REG_SZ")).ShouldBe("https://sync1.example.test:9443");
        (await InstallerSite.ValueAsync(@"HKLM\SOFTWARE\PasswordSync\Filter", "CaptureFile", "REG_SZ")).ShouldBe(@"C:\ProgramData\PasswordSync\capture");
        (await InstallerSite.ValueAsync(@"HKLM\SOFTWARE\PasswordSync\Filter", "EdgeProgram", "REG_SZ")).ShouldBe(@"C:\Program Files\PasswordSync\Edge\PasswordSync.EdgeNode.exe");
        (File.GetUnixFileMode(DataFolder("PasswordSync")) & Others).ShouldBe(UnixFileMode.None, "SYSTEM and administrators alone");
        (await InstallerSite.ServiceAsync(Node)).ShouldBeNull("nobody asked for a sync server");

        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, InstallerSite.Repair)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe([.. InstallerSite.Foreign, InstallerSite.Ours]);

        (await InstallerSite.InstallAsync("/x", InstallerSite.Package)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe(InstallerSite.Foreign);
        await InstallerSite.UntilServiceAsync(Edge, state: null);
        File.Exists(InstallerSite.Dll).ShouldBeFalse();
        File.Exists(InstallerSite.BesideEdge).ShouldBeFalse();
    }

    [Fact]
    public async Task Sync_server_comes_on_demand_with_the_chosen_providers_and_without_the_filter()
    {
        // Wine takes children of a feature above the level for not chosen; Windows does not look at the level then.
        const string level = "INSTALLLEVEL=1000";
        const string providers = @"HKLM\SOFTWARE\PasswordSync\Node\Providers";
        await InstallerSite.NeedAsync();
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);

        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, level, "ADDLOCAL=SyncNode,ActiveDirectory,Ldap")).ShouldBe(0);

        (await InstallerSite.ServiceAsync(Node)).ShouldNotBeNull();
        (await InstallerSite.ValueAsync(@"HKLM\System\CurrentControlSet\Services\PasswordSyncNode", "ObjectName", "REG_SZ")).ShouldBe(@"NT SERVICE\PasswordSyncNode");
        (await InstallerSite.ValueAsync(providers, "activeDirectory", "REG_DWORD")).ShouldBe("0x1");
        (await InstallerSite.ValueAsync(providers, "ldap", "REG_DWORD")).ShouldBe("0x1");
        (await InstallerSite.ValueAsync(providers, "exec", "REG_DWORD")).ShouldBeNull();
        (File.GetUnixFileMode(DataFolder("PasswordSyncNode")) & Others).ShouldBe(UnixFileMode.None);
        (await InstallerSite.PackagesAsync()).ShouldBe(InstallerSite.Foreign);
        (await InstallerSite.ServiceAsync(Edge)).ShouldBeNull();
        File.Exists(InstallerSite.Dll).ShouldBeFalse();
        (await InstallerSite.ServiceAsync(Node)).ShouldBe("STOPPED", "it has no configuration yet");

        var configuration = Path.Combine(DataFolder("PasswordSyncNode"), "node.json");
        await File.WriteAllTextAsync(configuration, "{}", TestContext.Current.CancellationToken);
        await InstallerSite.SetPendingAsync(@"\??\C:\Program Files\PasswordSync\Node\System.Diagnostics.EventLog.Messages.dll");
        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, [level, .. InstallerSite.Repair])).ShouldBe(0);
        await InstallerSite.UntilServiceAsync(Node, "RUNNING");

        await InstallerSite.SetPendingAsync(@"\??\C:\Program Files\PasswordSync\Node\EventLog.Messages.dll", @"\??\C:\Config.Msi\1.rbf", @"!\??\C:\PROGRAM FILES\PasswordSync\Node\library.dll");
        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, [level, .. InstallerSite.Repair])).ShouldBe(0);

        // Some of its files come when Windows starts again.
        await InstallerSite.UntilServiceAsync(Node, "STOPPED");
        await InstallerSite.SetPendingAsync();
        File.Delete(configuration);

        (await InstallerSite.InstallAsync("/x", InstallerSite.Package, level)).ShouldBe(0);
        await InstallerSite.UntilServiceAsync(Node, state: null);
        (await InstallerSite.ValueAsync(providers, "ldap", "REG_DWORD")).ShouldBeNull();
    }

    [Fact]
    public async Task Settings_come_from_a_transform_where_no_properties_can_be_given()
    {
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);
        var transform = Path.Combine(site.Folder, "berlin.mst");
        await InstallerSite.TransformAsync(transform, "NODES=https://sync1.example.test:9443,https://sync2.example.test:9443", "CLUSTER=berlin");

        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, $"TRANSFORMS={WineMachine.ToWindows(transform)}")).ShouldBe(0);

        (await InstallerSite.ValueAsync(@"HKLM\SOFTWARE\PasswordSync\Edge", "Nodes", "REG_SZ")).ShouldBe("https://sync1.example.test:9443,https://sync2.example.test:9443");
        (await InstallerSite.ValueAsync(@"HKLM\SOFTWARE\PasswordSync\Edge", "Cluster", "REG_SZ")).ShouldBe("berlin");
        (await InstallerSite.InstallAsync("/x", InstallerSite.Package)).ShouldBe(0);
    }

    [Fact]
    public async Task Later_version_takes_the_place_of_the_former_and_the_entry_stays()
    {
        await InstallerSite.NeedAsync();
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);
        (await InstallerSite.InstallAsync("/i", InstallerSite.Package)).ShouldBe(0);
        var more = InstallerSite.BesideEdge;
        var before = await File.ReadAllTextAsync(more, TestContext.Current.CancellationToken);
        var untouched = new DateTime(2020, 2, 2, 2, 2, 2, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(InstallerSite.Dll, untouched);

        (await InstallerSite.InstallAsync("/i", InstallerSite.LaterPackage)).ShouldBe(0);

        File.GetLastWriteTimeUtc(InstallerSite.Dll).ShouldBe(untouched, "the filter is of the same version, and LSASS holds it");
        (await File.ReadAllTextAsync(more, TestContext.Current.CancellationToken)).ShouldNotBe(before);
        (await InstallerSite.PackagesAsync()).ShouldBe([.. InstallerSite.Foreign, InstallerSite.Ours]);
        await InstallerSite.UntilServiceAsync(Edge, "RUNNING");
        (await InstallerSite.InstallAsync("/x", InstallerSite.LaterPackage)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe(InstallerSite.Foreign);
    }

    /// <summary>Not behind an upgrade, since Wine then forgets which packages belong together.</summary>
    [Fact]
    public async Task Older_version_is_refused()
    {
        await InstallerSite.NeedAsync();
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);
        (await InstallerSite.InstallAsync("/i", InstallerSite.LaterPackage)).ShouldBe(0);

        (await InstallerSite.InstallAsync("/i", InstallerSite.Package)).ShouldNotBe(0);

        (await InstallerSite.ProductsAsync()).ShouldNotContain(await InstallerSite.ProductCodeAsync(InstallerSite.Package));
        (await InstallerSite.PackagesAsync()).ShouldBe([.. InstallerSite.Foreign, InstallerSite.Ours]);
        (await InstallerSite.InstallAsync("/x", InstallerSite.LaterPackage)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe(InstallerSite.Foreign);
    }

    [Fact]
    public async Task Another_package_of_the_same_version_takes_the_place_of_the_former()
    {
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        var rebuilt = await InstallerSite.RebuiltAsync(site);
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);
        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, "NODES=https://sync1.example.test:9443")).ShouldBe(0);
        (await InstallerSite.ProductsAsync()).ShouldContain(await InstallerSite.ProductCodeAsync(InstallerSite.Package));

        (await InstallerSite.InstallAsync("/i", rebuilt)).ShouldBe(0);

        var products = await InstallerSite.ProductsAsync();
        products.ShouldContain(await InstallerSite.ProductCodeAsync(rebuilt));
        products.ShouldNotContain(await InstallerSite.ProductCodeAsync(InstallerSite.Package), "with two side by side, removing one would end capturing");
        (await InstallerSite.PackagesAsync()).ShouldBe([.. InstallerSite.Foreign, InstallerSite.Ours]);
        File.Exists(InstallerSite.Dll).ShouldBeTrue();
        (await InstallerSite.ValueAsync(@"HKLM\SOFTWARE\PasswordSync\Edge", "Nodes", "REG_SZ")).ShouldBe("https://sync1.example.test:9443");
        await InstallerSite.UntilServiceAsync(Edge, "RUNNING");
        (await InstallerSite.InstallAsync("/x", rebuilt)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe(InstallerSite.Foreign);
        File.Exists(InstallerSite.Dll).ShouldBeFalse();
    }

    [Fact]
    public async Task Upgrade_and_repair_that_are_given_nothing_keep_the_settings_of_the_edge()
    {
        const string edge = @"HKLM\SOFTWARE\PasswordSync\Edge";
        await InstallerSite.NeedAsync();
        await InstallerSite.SetPackagesAsync(InstallerSite.Foreign);
        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, "NODES=https://sync1.example.test:9443", "CLUSTER=main", @"REGISTRATIONKEY=C:\keys\registration.json")).ShouldBe(0);

        (await InstallerSite.InstallAsync("/i", InstallerSite.Package, InstallerSite.Repair)).ShouldBe(0);
        (await InstallerSite.ValueAsync(edge, "Nodes", "REG_SZ")).ShouldBe("https://sync1.example.test:9443");
        (await InstallerSite.InstallAsync("/i", InstallerSite.LaterPackage, "CLUSTER=berlin")).ShouldBe(0);

        (await InstallerSite.ValueAsync(edge, "Nodes", "REG_SZ")).ShouldBe("https://sync1.example.test:9443");
        (await InstallerSite.ValueAsync(edge, "Cluster", "REG_SZ")).ShouldBe("berlin", "what is given goes before what was");
        (await InstallerSite.ValueAsync(edge, "RegistrationKey", "REG_SZ")).ShouldBe(@"C:\keys\registration.json");
        (await InstallerSite.InstallAsync("/x", InstallerSite.LaterPackage)).ShouldBe(0);
        (await InstallerSite.PackagesAsync()).ShouldBe(InstallerSite.Foreign);
    }

    [Fact]
    public async Task Everything_is_signed_with_a_key_from_outside()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Part of the long series.");
        await InstallerSite.NeedAsync();
        using var site = new FilterSite();
        var (key, certificate, output) = (Path.Combine(site.Folder, "key.pem"), Path.Combine(site.Folder, "certificate.pem"), Path.Combine(site.Folder, "signed"));
        await InstallerSite.RunAsync("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=Example signing", "-addext", "extendedKeyUsage=codeSigning");

        await InstallerSite.BuildAsync(output, new Dictionary<string, string> { ["SIGN_KEY"] = key, ["SIGN_CERTIFICATE"] = certificate });

        foreach (var program in (string[])["PasswordSyncFilter.dll", "PasswordSyncSetup.exe", "edge/PasswordSync.EdgeNode.exe", "node/PasswordSync.SyncNode.exe"])
            AuthenticodeSigner.Describe(await File.ReadAllBytesAsync(Path.Combine(output, "stage", program), TestContext.Current.CancellationToken)).ShouldBe("signed by CN=Example signing", program);
        (await InstallerSite.RunAsync("osslsigncode", "verify", "-CAfile", certificate, "-in", Path.Combine(output, "PasswordSync.msi"))).ShouldContain("Signature verification: ok");
        (await File.ReadAllTextAsync(Path.Combine(output, "SHA256SUMS"), TestContext.Current.CancellationToken)).ShouldContain("PasswordSyncFilter.dll");
    }

    private static string DataFolder(string name) => Path.Combine(WineMachine.DriveC, "ProgramData", name);
}
