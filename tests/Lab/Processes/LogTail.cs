namespace PasswordSync.Lab;

internal static class LogTail
{
    private const int LinesMax = 30;

    /// <summary>The last lines of log files, each headed by its name: what an exception about a server should show.</summary>
    public static string Of(params IEnumerable<string> files) =>
        string.Join('\n', files.Where(File.Exists).Select(file => $"{file}:\n{string.Join('\n', File.ReadLines(file).TakeLast(LinesMax))}"));
}
