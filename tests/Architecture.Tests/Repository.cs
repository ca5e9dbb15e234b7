namespace PasswordSync.Architecture.Tests;

/// <summary>The files of the repository, found from the folder the tests run in. What is built or played with does not count.</summary>
internal static class Repository
{
    private static readonly string[] FoldersOfNoInterest = [".git", ".vs", ".idea", "artifacts", "bin", "build", "lab-data", "node_modules", "obj", "TestResults"];

    public static string Root { get; } = FindRoot();

    /// <summary>All files, with paths relative to the root and forward slashes, in ordinal order.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. FilesBelow(new DirectoryInfo(Root)).Order(StringComparer.Ordinal)];

    /// <summary>The files below a folder (such as <c>src/</c>) with one of these endings.</summary>
    public static IEnumerable<string> FilesIn(string folder, params string[] endings) =>
        Files.Where(file => file.StartsWith(folder, StringComparison.Ordinal) && endings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static bool Exists(string file) => File.Exists(Path.Combine(Root, file));

    /// <summary>The lines of a file that match, as "file:line: text", for the message of a failed rule.</summary>
    public static IEnumerable<string> LinesOf(string file, Func<string, bool> match) =>
        Read(file).Split('\n').Index().Where(line => match(line.Item)).Select(line => $"{file}:{line.Index + 1}: {line.Item.Trim()}");

    private static IEnumerable<string> FilesBelow(DirectoryInfo folder) =>
        folder.EnumerateFiles().Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'))
            .Concat(folder.EnumerateDirectories()
                .Where(child => !FoldersOfNoInterest.Contains(child.Name, StringComparer.Ordinal) && child.LinkTarget is null)
                .SelectMany(FilesBelow));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PasswordSync.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("These tests read the sources: run them from within the repository.");
    }
}
