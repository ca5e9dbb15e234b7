using System.Runtime.InteropServices;

namespace PasswordSync.Lab;

/// <summary>How to start a server.</summary>
/// <param name="Program">Full path. The program must stay in the foreground.</param>
/// <param name="Arguments">Its arguments. No passwords: everybody on the machine can read them.</param>
/// <param name="LogFile">Where its standard output and error are appended; also names the files by which a lasting server is found.</param>
public sealed record ServerCommand(string Program, IReadOnlyList<string> Arguments, string LogFile)
{
    /// <summary>A .NET program of the product, run by the runtime that runs this process.</summary>
    /// <param name="assembly">Path of its .dll.</param>
    /// <param name="arguments">Its arguments. No passwords: everybody on the machine can read them.</param>
    /// <param name="logFile">As above.</param>
    public static ServerCommand OfAssembly(string assembly, IReadOnlyList<string> arguments, string logFile)
    {
        // The runtime is in (root)/shared/Microsoft.NETCore.App/(version).
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return new ServerCommand(Path.Combine(root, "dotnet"), [assembly, .. arguments], logFile)
        {
            Environment = new Dictionary<string, string> { ["DOTNET_ROOT"] = root, ["DOTNET_NOLOGO"] = "1" },
        };
    }

    /// <summary>Files or folders that appear, for this server only, in the place of others; a source "tmpfs:OPTIONS" is a new disk in memory.</summary>
    public IReadOnlyList<(string Source, string Target)> Mounts { get; init; } = [];

    /// <summary>The machine of a virtual network that it runs on; null for the machine that this process runs on.</summary>
    public VirtualMachine? Machine { get; init; }

    /// <summary>Added to a small environment that is the same on every machine (PATH, LC_ALL, HOME); nothing is inherited.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = ToolEnvironment.Nothing;

    /// <summary>False: the server ends with this process. True: it runs until it is stopped, by whichever process.</summary>
    public bool OutlivesThisProcess { get; init; }
}
