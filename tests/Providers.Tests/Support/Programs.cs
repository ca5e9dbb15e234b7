using System.Diagnostics;

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

    /// <summary>Runs a tool of the machine to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string file, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>
    /// A shell script in a folder of the test's. Another program puts it there: what this process writes itself, a program that another test is just starting has open
    /// for a moment too, and nobody can run it meanwhile ("text file busy").
    /// </summary>
    public static string Script(ScratchFolder folder, string name, string text)
    {
        var (source, script) = (folder.Write($"{name}.text", $"#!/bin/sh\n{text}\n"), folder.PathOf(name));
        using var installing = Process.Start("/usr/bin/install", ["-m", "700", source, script]);
        installing.WaitForExit();
        return installing.ExitCode == 0 ? script : throw new InvalidOperationException($"'{script}' could not be written.");
    }

    /// <summary>Whether a process has ended. A killed one may remain for a moment until somebody asks for its end.</summary>
    public static bool IsGone(string id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/stat").Contains(") Z ");
        }
        catch (IOException)
        {
            return true;
        }
    }
}
