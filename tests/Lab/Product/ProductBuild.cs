namespace PasswordSync.Lab.Product;

/// <summary>Where the built programs of this product are: beside the sources, in the configuration that the caller itself was built in.</summary>
internal static class ProductBuild
{
    /// <summary>The sync server.</summary>
    public static string SyncNode => Managed("src/Nodes/SyncNode", "PasswordSync.SyncNode");

    /// <summary>The edge.</summary>
    public static string EdgeNode => Managed("src/Nodes/EdgeNode", "PasswordSync.EdgeNode");

    /// <summary>Samba's helper, as the test script builds it.</summary>
    public static string SambaHelper => Existing(Path.Combine(Root, "artifacts", "native", "passwordsync-samba-helper"), "run cmake -S native/Filter -B artifacts/native && cmake --build artifacts/native");

    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>What the programs need to find the runtime that the caller itself runs on.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
    };

    private static string Configuration => AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";

    private static string Managed(string project, string file) =>
        Existing(Path.Combine(Root, project, "bin", Configuration, "net10.0", file), $"run dotnet build {project}");

    private static string Existing(string path, string remedy) =>
        File.Exists(path) ? path : throw new LabEnvironmentException($"'{path}' is not built: {remedy}.");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "PasswordSync.sln"))) return folder.FullName;
        }

        throw new LabEnvironmentException($"'{AppContext.BaseDirectory}' does not lie below the folder with PasswordSync.sln.");
    }
}
