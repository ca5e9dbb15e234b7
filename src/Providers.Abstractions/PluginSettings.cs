using System.Collections.Immutable;

namespace PasswordSync.Providers.Abstractions;

/// <summary>The settings of the sync point that the plug-in serves. Owns the secrets.</summary>
/// <param name="SyncPoint">The sync point's name.</param>
/// <param name="Values">The settings under <c>plugin:</c>, by name.</param>
/// <param name="Secrets">The secrets under <c>pluginSecrets:</c>, by name.</param>
public sealed record PluginSettings(string SyncPoint, ImmutableDictionary<string, string> Values, ImmutableDictionary<string, SecretText> Secrets) : IDisposable
{
    /// <summary>A setting that must be there.</summary>
    /// <exception cref="SettingsRefusedException">It is missing.</exception>
    public string Text(string name) => Values.GetValueOrDefault(name) is { Length: > 0 } text ? text : throw new SettingsRefusedException($"The setting plugin:{name} is missing.");

    /// <summary>A secret that must be there.</summary>
    /// <exception cref="SettingsRefusedException">It is missing.</exception>
    public SecretText Secret(string name) => Secrets.GetValueOrDefault(name) ?? throw new SettingsRefusedException($"The secret pluginSecrets:{name} is missing.");

    public void Dispose()
    {
        foreach (var secret in Secrets.Values) secret.Dispose();
    }

    /// <summary>Names only.</summary>
    public override string ToString() => $"{SyncPoint}: {string.Join(", ", Values.Keys.Concat(Secrets.Keys))}";
}

/// <summary>The settings cannot be used. The message is shown to operators: it says what is wrong and what to change, and holds no secret.</summary>
public sealed class SettingsRefusedException(string message) : Exception(message);
