using System.Globalization;
using System.Reflection.PortableExecutable;
using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>What the MSI's tables ask of Windows Installer, where Wine leaves it out and so cannot show it.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class InstallerTableTests
{
    private const string Edge = "PasswordSyncEdge";
    private const string Node = "PasswordSyncNode";

    [Fact]
    public async Task Windows_never_restarts_by_itself_nor_stops_what_holds_a_file()
    {
        await InstallerSite.NeedAsync();

        (await PropertyAsync("REBOOT")).ShouldBe("ReallySuppress");
        (await PropertyAsync("MSIRESTARTMANAGERCONTROL")).ShouldBe("Disable");
    }

    [Fact]
    public async Task Packages_of_earlier_versions_and_of_the_same_are_replaced_and_their_features_kept()
    {
        const int migrateFeatures = 1, onlyDetect = 2, minimumToo = 256, maximumToo = 512;
        await InstallerSite.NeedAsync();
        var rows = (await TableAsync("Upgrade")).ToDictionary(row => row[6], row => (Minimum: row[1], Maximum: row[2], Attributes: int.Parse(row[4], CultureInfo.InvariantCulture)));
        var version = await PropertyAsync("ProductVersion");

        rows["WIX_UPGRADE_DETECTED"].ShouldBe(("", version, migrateFeatures));
        rows["SAME_VERSION_DETECTED"].ShouldBe((version, version, migrateFeatures | minimumToo | maximumToo));
        rows["WIX_DOWNGRADE_DETECTED"].ShouldBe((version, "", onlyDetect));
        (await TableAsync("InstallExecuteSequence")).Where(row => row[0] == "MigrateFeatureStates").ShouldHaveSingleItem()[1].ShouldBeEmpty("in every installation");
    }

    /// <summary>Files of the same version are not written over each other unless this asks for it, before costs are looked at.</summary>
    [Fact]
    public async Task All_files_are_written_where_the_same_version_is_replaced()
    {
        await InstallerSite.NeedAsync();

        const string setsProperty = "51";
        (await TableAsync("CustomAction")).ShouldContain(row => row[0] == "WriteAllFiles" && row[1] == setsProperty && row[2] == "REINSTALLMODE" && row[3] == "amus");
        var sequence = await SequenceAsync();
        (await TableAsync("InstallExecuteSequence")).ShouldContain(row => row[0] == "WriteAllFiles" && row[1] == "SAME_VERSION_DETECTED AND NOT Installed");
        sequence["WriteAllFiles"].ShouldBeInRange(sequence["FindRelatedProducts"], sequence["CostInitialize"]);
    }

    /// <summary>New files first, then the former version is removed but for the components that both have: so these must bear the same identifiers.</summary>
    [Fact]
    public async Task Upgrade_removes_the_former_version_behind_the_new_files_and_only_what_the_new_one_has_not()
    {
        await InstallerSite.NeedAsync();

        var sequence = await SequenceAsync();
        sequence["RemoveExistingProducts"].ShouldBeInRange(sequence["InstallExecute"], sequence["InstallFinalize"]);
        sequence["InstallExecute"].ShouldBeGreaterThan(sequence["PublishProduct"]);
        sequence["KeepPackage"].ShouldBeInRange(sequence["RemoveExistingProducts"], sequence["InstallFinalize"]);
        sequence["StartNode"].ShouldBeInRange(sequence["RemoveExistingProducts"], sequence["InstallFinalize"], "the former version's removal may stop it");
        var (former, later) = (await ComponentsAsync(InstallerSite.Package), await ComponentsAsync(InstallerSite.LaterPackage));
        former.Count.ShouldBeGreaterThan(5);
        later.ShouldBe(former);
        later.Select(component => component.Id).ShouldBeUnique();
    }

    /// <summary>A file without a version is never laid over one with a version, and during an upgrade it would go with the former product.</summary>
    [Fact]
    public async Task Files_have_in_the_table_the_versions_that_they_bear_themselves()
    {
        await InstallerSite.NeedAsync();

        foreach (var package in (string[])[InstallerSite.Package, InstallerSite.LaterPackage])
        {
            var stage = Path.Combine(Path.GetDirectoryName(package)!, "stage");
            var files = (await TableAsync("File", package)).Select(row => (Id: row[0], Path: Path.Combine(stage, FolderOf(row[1]), row[2]), Version: row[4], Language: row[5])).ToList();
            files.Count.ShouldBe(7);
            foreach (var file in files) file.Version.ShouldBe(VersionOf(file.Path), file.Path);
            files.Count(file => file.Version.Length > 0).ShouldBe(5, "all but two of text");
            (await TableAsync("MsiFileHash", package)).Select(row => row[0]).Order().ShouldBe(files.Where(file => file.Version.Length == 0).Select(file => file.Id).Order());
            files.Single(file => file.Id == "FilterDll").Language.ShouldBe("1033");
        }

        string VersionIn(string package, string file) => VersionOf(Path.Combine(Path.GetDirectoryName(package)!, "stage", file));
        VersionIn(InstallerSite.LaterPackage, "edge/PasswordSync.EdgeNode.exe").ShouldBe("0.2.0.0");
        VersionIn(InstallerSite.LaterPackage, "PasswordSyncFilter.dll").ShouldBe(VersionIn(InstallerSite.Package, "PasswordSyncFilter.dll"), "a version of its own: LSASS holds it");
    }

    /// <summary>What a caller without an administrator's rights at hand gives is dropped on the way to the service that installs, unless it is in this list.</summary>
    [Fact]
    public async Task Settings_reach_the_service_that_installs()
    {
        await InstallerSite.NeedAsync();
        var secure = (await PropertyAsync("SecureCustomProperties")).Split(';');

        secure.ShouldBeUnique();
        secure.ShouldAllBe(name => !name.Any(char.IsAsciiLetterLower), "only such are public");
        var settings = (await TableAsync("Registry")).Select(row => row[4]).Where(value => value.StartsWith('[') && value.EndsWith(']') && !value.Contains('\\')).Select(value => value[1..^1]).ToList();
        settings.Order().ShouldBe(["CLUSTER", "NODES", "REGISTRATIONKEY", "SOURCE"]);
        secure.ShouldBe([.. settings, .. (await TableAsync("AppSearch")).Select(row => row[0]), .. (await TableAsync("Upgrade")).Select(row => row[6])], ignoreOrder: true);
    }

    [Fact]
    public async Task Services_have_their_accounts_folders_their_rights_and_both_services_recovery()
    {
        await InstallerSite.NeedAsync();

        var services = await TableAsync("ServiceInstall");
        services.Select(row => (row[1], row[4], row[8])).Order().ShouldBe([(Edge, "2", ""), (Node, "2", @"NT SERVICE\PasswordSyncNode")]);
        // A sync server needs a configuration before its first start: StartNode looks for it. What stops is waited for, or its files would be in use.
        const string start = "1", stopAndDelete = "162", wait = "1", doNotWait = "0";
        (await TableAsync("ServiceControl")).Select(row => (row[1], row[2], row[4])).Order().ShouldBe([(Edge, start, doNotWait), (Edge, stopAndDelete, wait), (Node, stopAndDelete, wait)]);
        var actions = await TableAsync("CustomAction");
        const string mustSucceedAsSystem = "3074";
        actions.Where(row => row[3].StartsWith("folder", StringComparison.Ordinal)).Select(row => (row[1], row[3])).Order().ShouldBe(
            [(mustSucceedAsSystem, "folder \"[CommonAppDataFolder]PasswordSync\" -"), (mustSucceedAsSystem, "folder \"[CommonAppDataFolder]PasswordSyncNode\" PasswordSyncNode")]);
        actions.Where(row => row[3].StartsWith("recovery", StringComparison.Ordinal)).Select(row => row[3]).Order().ShouldBe(["recovery PasswordSyncEdge", "recovery PasswordSyncNode"]);
        const string needNotSucceed = "3138";
        actions.Where(row => row[0] == "StartNode").ShouldHaveSingleItem()[..4].ShouldBe(["StartNode", needNotSucceed, "Setup", "start PasswordSyncNode \"[CommonAppDataFolder]PasswordSyncNode\\node.json\""]);
        (await TableAsync("Property")).Select(row => row[0]).ShouldNotContain(name => name.Contains("KEY", StringComparison.OrdinalIgnoreCase) || name.Contains("PASSWORD", StringComparison.OrdinalIgnoreCase));
    }

    private static string FolderOf(string component) => component switch
    {
        "Filter" => "",
        "Edge" => "edge",
        "Node" => "node",
        _ => component.Split('_')[0],
    };

    /// <summary>The version in the fixed part of a program's resource of versions, found by its signature; empty if it has none.</summary>
    private static string VersionOf(string file)
    {
        ReadOnlySpan<byte> signature = [0xBD, 0x04, 0xEF, 0xFE];
        if (Path.GetExtension(file) is not ".exe" and not ".dll") return "";
        using var image = new PEReader(File.OpenRead(file));
        var resources = image.GetSectionData(".rsrc").GetContent().AsSpan();
        var at = resources.IndexOf(signature);
        at.ShouldBeGreaterThan(0, file);
        int Word(ReadOnlySpan<byte> bytes, int offset) => bytes[offset] | (bytes[offset + 1] << 8);
        return $"{Word(resources, at + 10)}.{Word(resources, at + 8)}.{Word(resources, at + 14)}.{Word(resources, at + 12)}";
    }

    private static async Task<string> PropertyAsync(string name) => (await TableAsync("Property")).Where(row => row[0] == name).ShouldHaveSingleItem()[1];

    private static async Task<Dictionary<string, int>> SequenceAsync() => (await TableAsync("InstallExecuteSequence")).ToDictionary(row => row[0], row => int.Parse(row[2], CultureInfo.InvariantCulture));

    private static async Task<List<(string Name, string Id)>> ComponentsAsync(string package) => [.. (await TableAsync("Component", package)).Select(row => (row[0], row[1])).Order()];

    /// <summary>A table's rows, without the three lines that describe it.</summary>
    private static async Task<IReadOnlyList<string[]>> TableAsync(string name, string? package = null) =>
        [.. (await InstallerSite.RunAsync("msiinfo", "export", package ?? InstallerSite.Package, name)).Split('\n').Skip(3).Where(line => line.Length > 0).Select(line => line.TrimEnd('\r').Split('\t'))];
}
