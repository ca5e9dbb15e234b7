namespace PasswordSync.Providers.Tests.Support;

/// <summary>Programs that lie beside the tests.</summary>
internal static class Programs
{
    /// <summary>The path of a script that was copied beside the tests, made executable.</summary>
    public static string Executable(string path)
    {
        var file = Path.Combine(AppContext.BaseDirectory, path);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return file;
    }

    /// <summary>A shell script in a folder of the test's.</summary>
    public static string Script(ScratchFolder folder, string name, string text)
    {
        var file = folder.Write(name, $"#!/bin/sh\n{text}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return file;
    }
}
