using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>Makes <c>activeDirectory</c> providers; see <see cref="ActiveDirectoryOptions"/> for the settings.</summary>
public sealed class ActiveDirectoryProviderFactory : IProviderFactory
{
    internal const string KindName = "activeDirectory";

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ActiveDirectoryOptions.Read(settings, context.AllowList) is { } options ? new ActiveDirectoryProvider(options, context) : null;
    }
}
