using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

[assembly: AssemblyFixture(typeof(NativeBuild))]

namespace PasswordSync.Native.Tests.Building;

/// <summary>native/Filter, built once for all tests of this project. On other systems than Linux nothing is built and every test is skipped.</summary>
public sealed class NativeBuild : IAsyncLifetime
{
    private static readonly Lazy<string> Root = new(FindRoot);

    /// <summary>The helper, as it is installed.</summary>
    public static string Helper => Path.Combine(Folder("native"), "passwordsync-samba-helper");

    /// <summary>A program of native/Filter/tests.</summary>
    public static string TestProgram(string name) => Path.Combine(Folder("native"), "tests", name);

    /// <summary>A build folder under artifacts/, which version control ignores.</summary>
    public static string Folder(string name) => Path.Combine(Root.Value, "artifacts", name);

    public static string Sources => Path.Combine(Root.Value, "native", "Filter");

    /// <summary>Ends the running test as skipped where there is no native build.</summary>
    public static void SkipUnlessLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Samba's helper runs on Linux only.");

    /// <summary>Ends the running test as skipped where only root may do or see what it needs.</summary>
    public static void SkipUnlessRoot() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may see into the helper or change owners.");

    public async ValueTask InitializeAsync()
    {
        if (OperatingSystem.IsLinux()) await MakeAsync(Folder("native"), [], TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Configures and builds native/Filter in the folder.</summary>
    /// <exception cref="InvalidOperationException">The build failed; the message is its output.</exception>
    public static Task MakeAsync(string folder, IEnumerable<string> options, CancellationToken cancellationToken) => MakeFromAsync(Sources, folder, options, cancellationToken);

    /// <summary>Configures and builds other sources than native/Filter in the folder.</summary>
    /// <exception cref="InvalidOperationException">The build failed; the message is its output.</exception>
    public static async Task MakeFromAsync(string sources, string folder, IEnumerable<string> options, CancellationToken cancellationToken)
    {
        await MustSucceedAsync("cmake", ["-S", sources, "-B", folder, .. options], cancellationToken);
        await MustSucceedAsync("cmake", ["--build", folder, "--parallel", "2"], cancellationToken);
    }

    private static async Task MustSucceedAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var end = await ProcessRun.RunAsync(program, arguments, default, environment: null, cancellationToken);
        if (end.ExitCode != 0) throw new InvalidOperationException($"{program} failed with {end.ExitCode}:\n{end.Output}\n{end.Error}");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PasswordSync.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("The tests do not run within the sources.");
    }
}
