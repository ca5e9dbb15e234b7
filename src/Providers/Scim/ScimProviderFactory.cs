using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Scim;

/// <summary>Makes <c>scim</c> providers; see <see cref="ScimOptions"/> for the settings.</summary>
public sealed class ScimProviderFactory : IProviderFactory
{
    internal const string KindName = "scim";

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ScimOptions.Read(settings, context.AllowList) is { } options ? new ScimProvider(options, context) : null;
    }
}
