using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>native/Installer, built with a small service in the edge's place, and the registry that it changes under Wine.</summary>
[SupportedOSPlatform("linux")]
internal static class InstallerSite
{
    private const string Lsa = @"HKLM\System\CurrentControlSet\Control\Lsa";
    private const string PackagesName = "Notification Packages";

    private static readonly SemaphoreSlim Building = new(1);
    private static bool built;

    public static string Package => Path.Combine(Output, "PasswordSyncEdge.msi");

    public static string Setup => Path.Combine(Output, "setup", "PasswordSyncSetup.exe");

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
        await NativeBuild.MakeFromAsync(Sources, programs, WineMachine.BuildOptions, TestContext.Current.CancellationToken);
        var edge = Directory.CreateDirectory(Path.Combine(output, "edge")).FullName;
        File.Copy(Path.Combine(programs, "tests", "service_double.exe"), Path.Combine(edge, "PasswordSync.EdgeNode.exe"), overwrite: true);
        await File.WriteAllTextAsync(Path.Combine(edge, "more.txt"), "another file", TestContext.Current.CancellationToken);
        var environment = new Dictionary<string, string>(more) { ["PATH"] = "/usr/bin:/bin", ["HOME"] = output, ["EDGE_FOLDER"] = edge };
        var end = await ProcessRun.RunAsync(Path.Combine(Sources, "build.sh"), [output], default, environment, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0, end.Output + end.Error);
    }

    /// <summary>Runs msiexec; gives its exit code.</summary>
    public static async Task<int> InstallAsync(string option, string package, params string[] properties) =>
        (await WineMachine.RunAsync("msiexec", [option, WineMachine.ToWindows(package), "/qn", .. properties])).ExitCode;

    /// <summary>Gives LSA's list these entries; none removes the value.</summary>
    public static async Task SetPackagesAsync(params string[] entries)
    {
        string[] change = entries.Length == 0 ? ["delete", Lsa, "/v", PackagesName, "/f"] : ["add", Lsa, "/v", PackagesName, "/t", "REG_MULTI_SZ", "/d", string.Join(@"\0", entries), "/f"];
        await WineMachine.RunAsync("reg", change);
    }

    /// <summary>The entries of LSA's list.</summary>
    public static async Task<string[]> PackagesAsync() => (await ValueAsync(Lsa, PackagesName, "REG_MULTI_SZ"))?.Split(@"\0", StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>A value as text; null if it is not there.</summary>
    public static async Task<string?> ValueAsync(string key, string name, string type)
    {
        var query = await WineMachine.RunAsync("reg", ["query", key, "/v", name]);
        var line = query.Output.Split('\n').FirstOrDefault(line => line.Contains(type, StringComparison.Ordinal));
        return line?.Split(type)[1].Trim();
    }

    public static async Task<int> RunSetupAsync(params string[] arguments) => (await WineMachine.RunAsync(Setup, arguments)).ExitCode;

    public static async Task<bool> IsServiceRunningAsync() =>
        (await WineMachine.RunAsync("sc", ["query", "PasswordSyncEdge"])).Output.Contains("RUNNING", StringComparison.Ordinal);
}
