using AcmePlugin;
using PasswordSync.Providers.Abstractions;

return await PluginHost.RunAsync(settings => new AcmeTarget(settings));
