using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>Settings of a sync point, for people.</summary>
internal static class NodeConfigurationView
{
    private static readonly string[] SecretWords = ["password", "secret", "token", "key", "credential", "passphrase"];

    /// <summary>The provider's own settings. A value whose key speaks of a secret is shown only if it is a reference.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(PointSettings point) =>
        from entry in NodeConfiguration.Flatten(point.Settings)
        orderby entry.Key
        let speaksOfSecret = SecretWords.Any(word => entry.Key.Contains(word, StringComparison.OrdinalIgnoreCase))
        let isReference = entry.Value.StartsWith("file:", StringComparison.Ordinal) || entry.Value.StartsWith("env:", StringComparison.Ordinal)
        select KeyValuePair.Create(entry.Key, speaksOfSecret && !isReference ? "(not shown)" : entry.Value);
}
