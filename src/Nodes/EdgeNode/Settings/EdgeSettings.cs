using System.Collections.Immutable;
using PasswordSync.Hosting.Logging;
using PasswordSync.Hosting.Metrics;

namespace PasswordSync.EdgeNode.Settings;

/// <summary>The edge's file, <c>edge.json</c>. Paths are relative to the file.</summary>
/// <param name="Cluster">The cluster's name.</param>
/// <param name="Source">The source that this DC belongs to.</param>
/// <param name="DomainController">The DNS host name of this DC, in lower case.</param>
/// <param name="Nodes">Sync servers to begin with: <c>https://host:port</c>. Answers tell of others.</param>
/// <param name="Authority">The cluster's certificate authority, PEM.</param>
/// <param name="Certificate">This edge's certificate, PEM.</param>
/// <param name="Key">This edge's private key, PEM; readable by this account alone.</param>
/// <param name="Data">The folder for the spool; made if it is missing, for this account alone.</param>
/// <param name="Socket">The socket that the filter or helper hands over to (on Windows the pipe's name).</param>
/// <param name="Drop">The folder that it drops files in when the edge does not answer.</param>
/// <param name="CaptureFile">The file with keys and paths that the edge writes for the filter or helper.</param>
/// <param name="Directory">How the edge asks its own DC.</param>
public sealed record EdgeSettings(
    string Cluster,
    string Source,
    string DomainController,
    ImmutableArray<string> Nodes,
    string Authority,
    string Certificate,
    string Key,
    string Data,
    string Socket,
    string Drop,
    string CaptureFile,
    DirectorySettings Directory)
{
    /// <summary>The file of a registration key, with which the edge gets its first certificate by itself. Default null: an administrator has it signed. Not looked at once there is a certificate.</summary>
    public string? RegistrationKey { get; init; }

    /// <summary>How long the helper tries to hand over before it drops a file, in milliseconds. Default 200; 1 to 5,000.</summary>
    public int WaitMilliseconds { get; init; } = 200;

    /// <summary>Windows: full path of the only program that may hand over captures. Default null: the system's lsass.exe.</summary>
    public string? FilterHost { get; init; }

    /// <summary>The least length that Samba's helper asks for, in characters. Default 7; 0 to 128.</summary>
    public int MinimumLength { get; init; } = 7;

    /// <summary>Whether Samba's helper applies the complexity rule. Default true.</summary>
    public bool Complexity { get; init; } = true;

    /// <summary>How long a change may take to be committed after its capture. Default 30 s; 1 s to 10 minutes.</summary>
    public TimeSpan ProofBound { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the edge asks the nodes for its configuration, and tells them how it stands. Default 30 s; 1 s to 1 minute, a third of what a node waits before it calls an edge gone.</summary>
    public TimeSpan ConfigurationInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most bytes of the spool. Default 1 GiB; 1 MiB or more.</summary>
    public long SpoolBytesMax { get; init; } = 1L << 30;

    public LogSettings Log { get; init; } = new();

    /// <summary>Where the edge's figures are sent. Default nowhere.</summary>
    public MetricsSettings Metrics { get; init; } = new();
}

/// <summary>How the edge asks its own DC.</summary>
/// <param name="Server">The DC itself, <c>host:port</c>.</param>
/// <param name="Security"><c>ldaps</c>, <c>startTls</c> or <c>none</c> (only with Kerberos, which seals).</param>
public sealed record DirectorySettings(string Server, string Security)
{
    /// <summary>PEM files of trusted authorities; empty for the system's.</summary>
    public ImmutableArray<string> Roots { get; init; } = [];

    /// <summary>The account that reads the directory (UPN or DN); none for Kerberos with the process's own ticket.</summary>
    public string? User { get; init; }

    /// <summary>A reference to its password: <c>file:PATH</c> or <c>env:NAME</c>.</summary>
    public string? Password { get; init; }
}
