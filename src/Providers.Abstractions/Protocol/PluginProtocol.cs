namespace PasswordSync.Providers.Abstractions.Protocol;

/// <summary>The constants of the protocol between the server and a plug-in: docs/spec/plugin-protocol.md.</summary>
public static class PluginProtocol
{
    /// <summary>The version that this package speaks.</summary>
    public const int Version = 1;

    /// <summary>The largest frame, in bytes without its length.</summary>
    public const int FrameSizeMax = 65_536;

    /// <summary>The most secrets of a sync point.</summary>
    public const int SecretsMax = 16;
}

/// <summary>The other side does not keep to the protocol. The message holds nothing of what it sent.</summary>
public sealed class PluginProtocolException(string message) : Exception(message);
