using System.Text;

namespace PasswordSync.Lab.Cli;

/// <summary>The commands of <c>lab.sh</c>. The first argument is the folder of the lab, which the script gives.</summary>
internal static class Commands
{
    private const string Usage = """
        usage: ./lab.sh up                              start two Samba domains, an OpenLDAP directory, and PasswordSync between them
               ./lab.sh change USER [PASSWORD] [WAY]    change a password in ALPHA.TEST, and look where it works
               ./lab.sh status                          what runs, where, with which accounts
               ./lab.sh down                            stop everything and remove ./lab-data

        WAY is one of LdapReplace (default), LdapDeleteAndAdd, KerberosPassword, SambaTool, SmbPassword. The ways in which users
        change their own ask for the current password; those of an administrator do not. Without PASSWORD it is asked for.
        """;

    /// <summary>How long after a change the other systems may take before they count as not having followed.</summary>
    private static readonly TimeSpan FollowBound = TimeSpan.FromSeconds(60);

    /// <returns>The exit code: 0 done, 1 failed or refused, 2 not understood.</returns>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            return arguments switch
            {
                [var folder, "up"] => await UpAsync(folder, output, cancellationToken),
                [var folder, "status"] => await StatusAsync(folder, output),
                [var folder, "down"] => await DownAsync(folder, output, cancellationToken),
                [var folder, "change", var user] => await ChangeAsync(folder, user, Ask("New password: "), nameof(PasswordChangeWay.LdapReplace), output, cancellationToken),
                [var folder, "change", var user, var password] => await ChangeAsync(folder, user, password, nameof(PasswordChangeWay.LdapReplace), output, cancellationToken),
                [var folder, "change", var user, var password, var way] => await ChangeAsync(folder, user, password, way, output, cancellationToken),
                _ => Explain(output),
            };
        }
        catch (Exception failure) when (failure is LabEnvironmentException or LabNotSupportedException or TimeoutException)
        {
            await output.WriteLineAsync(failure.Message);
            return 1;
        }
    }

    private static async Task<int> UpAsync(string folder, TextWriter output, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync("Starting the servers; the first time on a machine this takes half a minute.");
        await using var lab = await LastingLab.UpAsync(folder, cancellationToken);
        await DescribeAsync(lab, output);
        return 0;
    }

    private static async Task<int> StatusAsync(string folder, TextWriter output)
    {
        if (!LastingLab.IsIn(folder)) return await NotUpAsync(output);
        await using var lab = LastingLab.Attach(folder);
        await DescribeAsync(lab, output);
        var productRuns = lab.Product is { } product && product.Edges.Values.Prepend(product.Node).All(process => process.IsRunning);
        return lab.Source.First.IsRunning && lab.Target.First.IsRunning && lab.Directory.IsRunning && productRuns ? 0 : 1;
    }

    private static async Task<int> DownAsync(string folder, TextWriter output, CancellationToken cancellationToken)
    {
        await LastingLab.DownAsync(folder, cancellationToken);
        await output.WriteLineAsync("Everything is stopped and removed.");
        return 0;
    }

    private static async Task<int> ChangeAsync(
        string folder, string name, string password, string wayName, TextWriter output, CancellationToken cancellationToken)
    {
        if (!Enum.TryParse<PasswordChangeWay>(wayName, ignoreCase: true, out var way)) return Explain(output);
        if (!LastingLab.IsIn(folder)) return await NotUpAsync(output);
        await using var lab = LastingLab.Attach(folder);
        var user = lab.Source.Users.FirstOrDefault(user => user.AccountName == name);
        if (user is null)
        {
            await output.WriteLineAsync($"There is no user '{name}': they are {lab.Source.Users[0].AccountName} to {lab.Source.Users[^1].AccountName}.");
            return 1;
        }

        var current = way is PasswordChangeWay.LdapReplace or PasswordChangeWay.SambaTool ? "" : Ask("Current password: ");
        var result = await lab.Source.First.ChangePasswordAsync(way, user, current, password, cancellationToken);
        if (!result.Accepted)
        {
            await output.WriteLineAsync($"ALPHA.TEST refused: {result.Diagnostics}");
            return 1;
        }

        await output.WriteLineAsync("ALPHA.TEST     changed");
        var number = lab.Source.Users.Index().First(entry => entry.Item == user).Index;
        var followed = await Task.WhenAll(
            FollowsAsync("BETA.TEST", token => lab.Target.First.BindAsync(lab.Target.Users[number], password, token), output, cancellationToken),
            FollowsAsync("OpenLDAP", token => lab.Directory.BindAsync(lab.Directory.Users[number], password, token), output, cancellationToken));
        return followed.All(has => has) ? 0 : 1;
    }

    private static async Task<bool> FollowsAsync(
        string system, Func<CancellationToken, Task<BindCheck>> bind, TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            var took = await Eventually.HoldsAsync($"{system} to follow", FollowBound, async token => (await bind(token)).Accepted, cancellationToken);
            await output.WriteLineAsync($"{system,-14} has the new password ({took.TotalMilliseconds:F0} ms later)");
            return true;
        }
        catch (TimeoutException)
        {
            await output.WriteLineAsync($"{system,-14} does not have it after {FollowBound.TotalSeconds:F0} s");
            return false;
        }
    }

    private static async Task DescribeAsync(LastingLab lab, TextWriter output)
    {
        var text = new StringBuilder();
        foreach (var domain in (SambaDomain[])[lab.Source, lab.Target])
        {
            foreach (var controller in domain.Controllers)
                text.AppendLine($"{domain.Options.Realm,-14} {State(controller.IsRunning)}  {controller.FullName} on {controller.Address}: ldap 389, ldaps 636, kerberos 88, kpasswd 464, smb 445");
            text.AppendLine($"               base {domain.BaseName}; {domain.AdministratorName} / {SambaDomain.AdministratorPassword}");
            text.AppendLine($"               authority {domain.AuthorityFile}; Kerberos KRB5_CONFIG={domain.KerberosConfigurationFile}");
        }

        var directory = lab.Directory;
        text.AppendLine($"{"OpenLDAP",-14} {State(directory.IsRunning)}  {directory.HostName} on {directory.Address}: ldap with StartTLS 389, ldaps 636");
        text.AppendLine($"               base {directory.Suffix}; {directory.AdministratorName} / {OpenLdapServer.AdministratorPassword}; {directory.SynchronisationName} / {OpenLdapServer.SynchronisationPassword}");
        text.AppendLine($"               authority {directory.AuthorityFile}");
        foreach (var process in lab.Product is { } product ? product.Edges.Values.Prepend(product.Node) : [])
            text.AppendLine($"PasswordSync   {State(process.IsRunning)}  {process.Name}; log {process.LogFile}");
        var (first, last) = (lab.Source.Users[0], lab.Source.Users[^1]);
        text.Append($"Users          {first.AccountName} / {first.InitialPassword} to {last.AccountName} / {last.InitialPassword}, in all three");
        await output.WriteLineAsync(text);
    }

    private static string State(bool running) => running ? "up  " : "DOWN";

    private static async Task<int> NotUpAsync(TextWriter output)
    {
        await output.WriteLineAsync("The lab is not up: ./lab.sh up");
        return 1;
    }

    private static int Explain(TextWriter output)
    {
        output.WriteLine(Usage);
        return 2;
    }

    private static string Ask(string prompt)
    {
        Console.Error.Write(prompt);
        return Console.ReadLine() ?? "";
    }
}
