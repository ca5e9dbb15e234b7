using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Plugins;

/// <summary>Makes <c>plugin</c> providers; see <see cref="PluginOptions"/> for the settings.</summary>
public sealed class PluginProviderFactory : IProviderFactory
{
    internal const string KindName = "plugin";

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return PluginOptions.Read(settings, context.AllowList) is { } options ? new PluginProvider(options, context) : null;
    }
}
