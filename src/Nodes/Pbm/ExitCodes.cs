namespace PasswordSync.Pbm;

/// <summary>What the process answers: docs/operations/pbm.md.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The node did not do it; the message says why.</summary>
    public const int Refused = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The node cannot be reached, or went away.</summary>
    public const int Unreachable = 3;

    /// <summary>The node does not let this operator in, or not so far.</summary>
    public const int NotAllowed = 4;

    /// <summary>The node's certificate is not the one that is trusted.</summary>
    public const int NotTrusted = 5;

    /// <summary>The question was answered, and the answer is bad news: a check failed, or a target does not have the password.</summary>
    public const int BadNews = 6;

    /// <summary>Ctrl-C ended it before it was done, as shells number it. A stream that Ctrl-C ends is <see cref="Done"/>.</summary>
    public const int Interrupted = 130;
}

/// <summary>Something that ends the run, with a message for people.</summary>
public sealed class PbmException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
