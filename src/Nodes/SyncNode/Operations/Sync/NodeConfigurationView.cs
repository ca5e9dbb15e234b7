using PasswordSync.Core.Settings;
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
        select KeyValuePair.Create(entry.Key, speaksOfSecret && !SecretReference.HasForm(entry.Value) ? "(not shown)" : entry.Value);
}
