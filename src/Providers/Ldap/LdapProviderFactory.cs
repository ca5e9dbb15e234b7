using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Ldap;

/// <summary>Makes <c>ldap</c> providers; see <see cref="LdapTargetOptions"/> for the settings.</summary>
public sealed class LdapProviderFactory : IProviderFactory
{
    internal const string KindName = "ldap";

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return LdapTargetOptions.Read(settings, context.AllowList) is { } options ? new LdapProvider(options, context) : null;
    }
}
