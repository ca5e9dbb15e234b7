namespace PasswordSync.Lab;

/// <summary>Settings of one DC's smb.conf that tests change.</summary>
public sealed record SambaControllerSettings
{
    /// <summary>The command Samba runs for each new password, or null for Samba's own rule. Run by <c>/bin/sh -c</c> as root.</summary>
    public string? CheckPasswordScript { get; init; }

    /// <summary>0 (errors only) to 10.</summary>
    public int LogLevel { get; init; } = 1;

    /// <summary>Not null: the DC keeps each new password readable for the owner of this key, beside the hashes. Its writes are slower then.</summary>
    public GnuPgKey? ReadablePasswords { get; init; }

    /// <summary>Other settings of the section [global], name and value.</summary>
    public IReadOnlyDictionary<string, string> Additional { get; init; } = ToolEnvironment.Nothing;
}
