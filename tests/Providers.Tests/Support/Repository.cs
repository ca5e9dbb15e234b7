namespace PasswordSync.Providers.Tests.Support;

/// <summary>The files of the repository that the tests run in.</summary>
internal static class Repository
{
    public static string PathOf(params string[] parts)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PasswordSync.sln"))) folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        return Path.Combine([folder.FullName, .. parts]);
    }
}
