namespace PasswordSync.Lab;

/// <summary>Settings of one DC's smb.conf that tests change.</summary>
public sealed record SambaControllerSettings
{
    /// <summary>The command Samba runs for each new password, or null for Samba's own rule. Run by <c>/bin/sh -c</c> as root.</summary>
    public string? CheckPasswordScript { get; init; }

    /// <summary>0 (errors only) to 10.</summary>
    public int LogLevel { get; init; } = 1;

    /// <summary>Other settings of the section [global], name and value.</summary>
    public IReadOnlyDictionary<string, string> Additional { get; init; } = ToolEnvironment.Nothing;
}
