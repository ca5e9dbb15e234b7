using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>native/Installer, built with a small service in the place of edge and sync server, and the registry that it changes under Wine.</summary>
[SupportedOSPlatform("linux")]
internal static class InstallerSite
{
    /// <summary>The filter's entry in LSA's list.</summary>
    public const string Ours = "PasswordSyncFilter";

    private const string Lsa = @"HKLM\System\CurrentControlSet\Control\Lsa";
    private const string PackagesName = "Notification Packages";

    /// <summary>Entries of others; one begins as ours does.</summary>
    public static readonly string[] Foreign = ["scecli", "Some Vendor", "PasswordSyncFilter2"];

    /// <summary>The properties that msiexec repairs with.</summary>
    public static readonly string[] Repair = ["REINSTALL=ALL", "REINSTALLMODE=amus"];

    private static readonly TimeSpan ServiceMax = TimeSpan.FromMinutes(2);
    private static readonly SemaphoreSlim Building = new(1);
    private static bool built;

    public static string Package => Path.Combine(Output, "PasswordSync.msi");

    /// <summary>The same as a later version.</summary>
    public static string LaterPackage => Path.Combine(Output + "-later", "PasswordSync.msi");

    public static string Dll => Path.Combine(WineMachine.DriveC, "windows", "system32", "PasswordSyncFilter.dll");

    /// <summary>A file installed beside the edge's program. The program's own file stays, under Wine, if the process of the service that was stopped has not quite ended.</summary>
    public static string BesideEdge => Path.Combine(WineMachine.DriveC, "Program Files", "PasswordSync", "Edge", "more.txt");

    public static string Setup => Path.Combine(Output, "setup", "PasswordSyncSetup.exe");

    /// <summary>The same program, built in another folder.</summary>
    public static string SetupBuiltElsewhere => Path.Combine(Output, "programs", "PasswordSyncSetup.exe");

    private static string Output => NativeBuild.Folder("installer");

    private static string Sources => Path.Combine(NativeBuild.Sources, "..", "Installer");

    public static async Task NeedAsync()
    {
        await WineMachine.NeedAsync();
        await Building.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (built) return;
            await BuildAsync(Output, new Dictionary<string, string>());
            await BuildAsync(Output + "-later", new Dictionary<string, string> { ["VERSION"] = "0.2.0" });
            built = true;
        }
        finally
        {
            Building.Release();
        }
    }

    /// <summary>Runs native/Installer/build.sh.</summary>
    public static async Task BuildAsync(string output, IReadOnlyDictionary<string, string> more)
    {
        var programs = Path.Combine(output, "programs");
        string[] version = more.TryGetValue("VERSION", out var number) ? [$"-DDOUBLE_VERSION={number}"] : [];
        await NativeBuild.MakeFromAsync(Sources, programs, [.. WineMachine.BuildOptions, .. version], TestContext.Current.CancellationToken);
        var (edge, node) = (await MakeFolderAsync("edge", "EdgeNode"), await MakeFolderAsync("node", "SyncNode"));
        var environment = new Dictionary<string, string>(more) { ["PATH"] = "/usr/bin:/bin", ["HOME"] = output, ["EDGE_FOLDER"] = edge, ["NODE_FOLDER"] = node };
        var end = await ProcessRun.RunAsync(Path.Combine(Sources, "build.sh"), [output], default, environment, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0, end.Output + end.Error);

        async Task<string> MakeFolderAsync(string name, string program)
        {
            var folder = Directory.CreateDirectory(Path.Combine(output, name)).FullName;
            File.Copy(Path.Combine(programs, "tests", "service_double.exe"), Path.Combine(folder, $"PasswordSync.{program}.exe"), overwrite: true);
            await File.WriteAllTextAsync(Path.Combine(folder, "more.txt"), output, TestContext.Current.CancellationToken);
            File.Copy(typeof(Assert).Assembly.Location, Path.Combine(folder, "library.dll"), overwrite: true);
            return folder;
        }
    }

    /// <summary>Makes a transform with these properties.</summary>
    public static Task TransformAsync(string file, params string[] properties) => RunAsync("/usr/bin/python3", [Path.Combine(Sources, "transform.py"), file, .. properties]);

    /// <summary>Runs msiexec; gives its exit code, 0 also if a restart completes the work: the process of a service that has just ended may hold its file a little longer.</summary>
    public static async Task<int> InstallAsync(string option, string package, params string[] properties)
    {
        // 3010, of which Linux passes on a byte.
        const int restartRequired = 3010 & 0xFF;
        var exitCode = (await WineStart.RunAsync("msiexec", [option, WineMachine.ToWindows(package), "/qn", .. properties])).ExitCode;
        return exitCode == restartRequired ? 0 : exitCode;
    }

    /// <summary>Gives LSA's list these entries; none removes the value.</summary>
    public static Task SetPackagesAsync(params string[] entries) => SetListAsync(Lsa, PackagesName, entries);

    /// <summary>Gives Windows this list of files to replace or remove when it starts again; none removes it.</summary>
    public static Task SetPendingAsync(params string[] entries) => SetListAsync(@"HKLM\System\CurrentControlSet\Control\Session Manager", "PendingFileRenameOperations", entries);

    /// <summary>The entries of LSA's list.</summary>
    public static async Task<string[]> PackagesAsync() => (await ValueAsync(Lsa, PackagesName, "REG_MULTI_SZ"))?.Split(@"\0", StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static async Task SetListAsync(string key, string name, string[] entries)
    {
        string[] change = entries.Length == 0 ? ["delete", key, "/v", name, "/f"] : ["add", key, "/v", name, "/t", "REG_MULTI_SZ", "/d", string.Join(@"\0", entries), "/f"];
        await WineStart.RunAsync("reg", change);
    }

    public static async Task<string> ProductCodeAsync(string package) =>
        (await RunAsync("msiinfo", "export", package, "Property")).Split('\n').Single(line => line.StartsWith("ProductCode\t", StringComparison.Ordinal)).Split('\t')[1].Trim();

    /// <summary>The codes of the products in the list of installed programs.</summary>
    public static async Task<string[]> ProductsAsync() =>
        [.. (await WineStart.RunAsync("reg", ["query", @"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"])).Output.Split('\n').Select(line => line.Split('\\')[^1].Trim()).Where(code => code.StartsWith('{'))];

    /// <summary>A value as text; null if it is not there.</summary>
    public static async Task<string?> ValueAsync(string key, string name, string type)
    {
        var query = await WineStart.RunAsync("reg", ["query", key, "/v", name]);
        var line = query.Output.Split('\n').FirstOrDefault(line => line.Contains(type, StringComparison.Ordinal));
        return line?.Split(type)[1].Trim();
    }

    /// <summary>The package as another build of the same version makes it: of another product code.</summary>
    public static async Task<string> RebuiltAsync(FilterSite site)
    {
        var package = Path.Combine(site.Folder, "rebuilt.msi");
        File.Copy(Package, package);
        await RunAsync("msibuild", package, "-q", $"UPDATE `Property` SET `Value`='{Guid.NewGuid().ToString("B").ToUpperInvariant()}' WHERE `Property`='ProductCode'");
        return package;
    }

    /// <summary>A package with one action more, which fails.</summary>
    public static async Task<string> FailingAsync(FilterSite site, string of, string sequence, string condition)
    {
        const int programDeferredAsSystem = 3074;
        var package = Path.Combine(site.Folder, "failing.msi");
        File.Copy(of, package);
        await RunAsync("msibuild", package, "-q", $"INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('Fail', {programDeferredAsSystem}, 'Setup', 'no such command')");
        await RunAsync("msibuild", package, "-q", $"INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('Fail', '{condition}', {sequence})");
        return package;
    }

    /// <summary>Runs a Linux program that must succeed; gives its output.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var end = await ProcessRun.RunAsync(program, arguments, default, environment: null, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0, end.Output + end.Error);
        return end.Output;
    }

    public static async Task<int> RunSetupAsync(params string[] arguments) => (await WineStart.RunAsync(Setup, arguments)).ExitCode;

    /// <summary>Such as RUNNING; null if there is no such service.</summary>
    public static async Task<string?> ServiceAsync(string name) =>
        (await WineStart.RunAsync("sc", ["query", name])).Output.Split('\n').FirstOrDefault(line => line.Contains("STATE", StringComparison.Ordinal))?.Trim().Split(' ')[^1];

    /// <summary>Looks until the service is in this state (null: gone): one that was just started says so a little later, and one that was deleted goes with its process.</summary>
    public static async Task UntilServiceAsync(string name, string? state)
    {
        var start = TimeProvider.System.GetTimestamp();
        string? seen;
        while ((seen = await ServiceAsync(name)) != state)
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(ServiceMax, $"{name} is {seen ?? "gone"}, not {state ?? "gone"}");
    }
}
