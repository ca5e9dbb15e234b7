using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Webhook;

/// <summary>Makes <c>webhook</c> providers; see <see cref="WebhookOptions"/> for the settings.</summary>
public sealed class WebhookProviderFactory : IProviderFactory
{
    internal const string KindName = "webhook";

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return WebhookOptions.Read(settings, context.AllowList) is { } options ? new WebhookProvider(options, context) : null;
    }
}
