namespace PasswordSync.Capture.Tests.Support;

/// <summary>A folder of its own for one test, with a short path: a Unix socket's path has 107 bytes at most.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pws").FullName;

    public string In(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
