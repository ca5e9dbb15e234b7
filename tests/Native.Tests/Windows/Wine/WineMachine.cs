using System.Diagnostics;
using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;
using PasswordSync.Native.Tests.Windows.Wine;

[assembly: AssemblyFixture(typeof(WineMachine))]

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>
/// A Windows that Wine makes of this machine, in a prefix of its own, and native/Filter built for it. Made when the first test asks for it; it
/// ends with the tests. Its registry is one for all, so the tests that use it run one after the other: <see cref="Collection"/>.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class WineMachine : IAsyncDisposable
{
    /// <summary>Name of the collection of all tests under Wine.</summary>
    public const string Collection = "Wine";

    private const int BootAttemptsMax = 3;

    /// <summary>The first start makes the prefix: some 15 s on a machine at rest.</summary>
    private static readonly TimeSpan BootMax = TimeSpan.FromMinutes(2);

    private static readonly SemaphoreSlim Making = new(1);
    private static bool made;

    /// <summary>The filter, as it is released.</summary>
    public static string Filter => Path.Combine(Build, "PasswordSyncFilter.dll");

    /// <summary>The filter whose agreements come from a file, which a Wine without ECDH needs.</summary>
    public static string FilterWithSeam => TestProgram("PasswordSyncFilterSeam.dll");

    public static string Build => NativeBuild.Folder("native-windows");

    /// <summary>What Windows programs see as drive C:.</summary>
    public static string DriveC => Path.Combine(Prefix, "drive_c");

    /// <summary>Another Wine than the system's may be named in PASSWORDSYNC_WINE: native/Filter/tests/windows/run-with-wine-10.sh does.</summary>
    private static string Wine => System.Environment.GetEnvironmentVariable("PASSWORDSYNC_WINE") ?? "/usr/bin/wine";

    private static string WineServer => System.Environment.GetEnvironmentVariable("PASSWORDSYNC_WINESERVER") ?? "/usr/bin/wineserver";

    /// <summary>Not within the sources: its drive Z: is this machine's root, and whoever looks through the sources would walk through it.</summary>
    private static string Prefix { get; } = Path.Combine(Path.GetTempPath(), $"passwordsync-wine-{System.Environment.ProcessId}");

    public static string TestProgram(string name) => Path.Combine(Build, "tests", name);

    /// <summary>The path as a Windows program sees it.</summary>
    public static string ToWindows(string path) => "Z:" + path.Replace('/', '\\');

    /// <summary>CMake's options for a Windows build.</summary>
    public static string[] BuildOptions => [$"-DCMAKE_TOOLCHAIN_FILE={Path.Combine(NativeBuild.Sources, "windows", "toolchain-clang-mingw.cmake")}"];

    /// <summary>Ends the running test as skipped where there is no Wine; else makes the machine, once.</summary>
    public static async Task NeedAsync()
    {
        NativeBuild.SkipUnlessLinux();
        Assert.SkipUnless(File.Exists(Wine), "Wine is not installed: .ci/packages.sh names the packages.");
        await Making.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (made) return;
            await NativeBuild.MakeAsync(Build, BuildOptions, TestContext.Current.CancellationToken);
            Directory.CreateDirectory(Prefix);
            await BootAsync();
            (await WineStart.RunAsync("reg", ["add", @"HKLM\System\CurrentControlSet\Control\ProductOptions", "/v", "ProductType", "/d", "LanmanNT", "/f"])).ExitCode.ShouldBe(0);
            await WaitForServicesAsync();
            made = true;
        }
        finally
        {
            Making.Release();
        }
    }

    /// <summary>
    /// Starts Wine's server and its services, which live until the machine ends: else they end with every program and start anew for the next, seconds each.
    /// With no output of ours, because whoever waited for its end would wait as long. Every program that starts before this has ended waits for it, five
    /// minutes at most; so a start that hangs is ended and made again.
    /// </summary>
    private static async Task BootAsync()
    {
        for (var attempt = 1; attempt <= BootAttemptsMax; attempt++)
        {
            var failure = await TryBootAsync();
            if (failure is null) return;
            TestContext.Current.TestOutputHelper?.WriteLine($"Wine itself did not start (attempt {attempt} of {BootAttemptsMax}): {failure}");
            await EndAllAsync(TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"Wine itself did not start in {BootAttemptsMax} attempts.");
    }

    /// <summary>
    /// Wine, as Windows, takes a service for failed that does not report within a time, 10 s if nothing else is said: too short where a process has to wait
    /// for a processor. Its service manager reads the value when it starts.
    /// </summary>
    private static async Task WaitForServicesAsync()
    {
        const string threeMinutes = "180000";
        (await WineStart.RunAsync("reg", ["add", @"HKLM\System\CurrentControlSet\Control", "/v", "ServicesPipeTimeout", "/t", "REG_DWORD", "/d", threeMinutes, "/f"])).ExitCode.ShouldBe(0);
        await RestartAsync();
    }

    /// <summary>Null when Wine runs, else what happened.</summary>
    private static async Task<string?> TryBootAsync()
    {
        using var process = ProcessRun.Start("/bin/sh", ["-c", "exec >/dev/null 2>&1; \"$1\" -p && exec \"$0\" wineboot", Wine, WineServer], Environment(null));
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(BootMax, TestContext.Current.CancellationToken);
            return process.ExitCode == 0 ? null : $"exit code {process.ExitCode}";
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            return $"not within {BootMax.TotalMinutes} minutes";
        }
    }

    private static async Task EndAllAsync(CancellationToken cancellationToken)
    {
        await ProcessRun.RunAsync(WineServer, ["-k"], default, Environment(null), cancellationToken);
        await ProcessRun.RunAsync(WineServer, ["-w"], default, Environment(null), cancellationToken);
    }

    /// <summary>Wine's main version.</summary>
    public static async Task<int> VersionAsync()
    {
        var end = await ProcessRun.RunAsync(Wine, ["--version"], default, Environment(null), TestContext.Current.CancellationToken);
        return int.Parse(end.Output["wine-".Length..].Split('.', '-', ' ', '\n')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Ends all of Wine's processes and starts its services anew.</summary>
    internal static async Task RestartAsync()
    {
        await EndAllAsync(TestContext.Current.CancellationToken);
        await BootAsync();
    }

    /// <summary>Starts a Windows program with its standard streams in our hands; whether it comes to run is <see cref="WineStart"/>'s care.</summary>
    internal static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? more = null) =>
        ProcessRun.Start(Wine, [program, .. arguments], Environment(more));

    public async ValueTask DisposeAsync()
    {
        if (!Directory.Exists(Prefix)) return;
        try
        {
            await EndAllAsync(CancellationToken.None);
            Directory.Delete(Prefix, recursive: true);
        }
        catch (Exception leftover) when (leftover is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            // A process of Wine that is just ending still writes there. What remains lies in the temporary folder, and says nothing of what was tested.
        }
    }

    private static Dictionary<string, string> Environment(IReadOnlyDictionary<string, string>? more)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = "/usr/bin:/bin",
            ["HOME"] = Prefix,
            ["WINEPREFIX"] = Prefix,
            ["WINEARCH"] = "win64",
            ["WINEDEBUG"] = "-all",
            ["WINEDLLOVERRIDES"] = "mshtml=;winemenubuilder.exe=d",
        };
        foreach (var (name, value) in more ?? new Dictionary<string, string>()) environment[name] = value;
        return environment;
    }
}

/// <summary>All tests that use the one Wine machine.</summary>
[CollectionDefinition(WineMachine.Collection, DisableParallelization = false)]
public sealed class WineCollection;
