namespace PasswordSync.Lab;

/// <summary>How to start a server.</summary>
/// <param name="Program">Full path. The program must stay in the foreground.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="LogFile">Where its standard output and error are appended; also names the files by which a lasting server is found.</param>
internal sealed record ServerCommand(string Program, IReadOnlyList<string> Arguments, string LogFile)
{
    /// <summary>Files or folders that appear, for this server only, in the place of others.</summary>
    public IReadOnlyList<(string Source, string Target)> Mounts { get; init; } = [];

    /// <summary>Added to the environment of <see cref="ToolEnvironment"/>.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = ToolEnvironment.Nothing;

    /// <summary>False: the server ends with this process. True: it runs until it is stopped, by whichever process.</summary>
    public bool OutlivesThisProcess { get; init; }
}
