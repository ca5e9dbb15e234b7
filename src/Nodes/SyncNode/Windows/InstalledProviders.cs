using System.Runtime.Versioning;
using PasswordSync.Providers;

namespace PasswordSync.SyncNode.Windows;

/// <summary>The kinds of providers that were chosen when this node was installed. Elsewhere than on Windows, and where no installer ran, all of them.</summary>
internal static class InstalledProviders
{
    /// <summary>A value for each chosen kind, not 0, written by the installer.</summary>
    private const string Key = @"SOFTWARE\PasswordSync\Node\Providers";

    public static ProviderRegistry Registry => OperatingSystem.IsWindows() && Read() is { } chosen ? ProviderRegistry.BuiltIn.Only(chosen) : ProviderRegistry.BuiltIn;

    [SupportedOSPlatform("windows")]
    private static string[]? Read()
    {
        using var key = Microsoft.Win32.Registry.LocalMachine.OpenSubKey(Key);
        return key is null ? null : [.. key.GetValueNames().Where(name => key.GetValue(name) is int and not 0)];
    }
}
