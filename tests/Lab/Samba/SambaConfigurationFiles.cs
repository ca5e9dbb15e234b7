using System.Net;
using System.Text;

namespace PasswordSync.Lab;

/// <summary>The texts of the configuration files that Samba, Kerberos and the resolver read.</summary>
internal static class SambaConfigurationFiles
{
    /// <summary>
    /// smb.conf of one DC: every path inside its own folder, every port on its own address. By default Samba would accept the
    /// password before the last one for an hour more in binds (with a password history), and tests ask whether the old one still works.
    /// What survives a power cut is not the lab's matter, so nothing waits for the disk, which takes each change of a password sixteen times.
    /// </summary>
    public static string Samba(SambaDomainController controller, SambaDomainOptions options)
    {
        var folder = controller.Folder;
        var text = new StringBuilder($"""
            [global]
              workgroup = {options.NetBiosName}
              realm = {options.Realm}
              netbios name = {controller.Name.ToUpperInvariant()}
              server role = active directory domain controller
              server services = s3fs, rpc, ldap, cldap, kdc, drepl, winbindd, kcc{(options.NameService ? ", dns" : "")}
              prefork children = 1
              prefork children:ldap = 3
              prefork children:rpc = 4
              dreplsrv:notify_interval = 1
              dreplsrv:periodic_startup_interval = 1
              interfaces = {controller.Address}/8
              bind interfaces only = yes
              private dir = {folder}/private
              state directory = {folder}/state
              cache directory = {folder}/cache
              lock directory = {folder}/lock
              pid directory = {folder}/run
              ncalrpc dir = {folder}/ncalrpc
              ntp signd socket directory = {folder}/ntp_signd
              usershare path = {folder}/usershares
              binddns dir = {folder}/bind-dns
              log file = {folder}/log/log.samba
              max log size = 0
              log level = {controller.Settings.LogLevel}
              old password allowed period = 0
              ldb:nosync = yes
              disable netbios = yes
              smb ports = 445
              load printers = no
              printing = bsd
              printcap name = /dev/null
              tls enabled = yes
              tls keyfile = {folder}/tls/server.key
              tls certfile = {folder}/tls/server.pem
              tls cafile = {controller.Domain.AuthorityFile}
              dns update command = /bin/true
              spn update command = /bin/true
              nsupdate command = /bin/true

            """);
        if (controller.Settings.CheckPasswordScript is { } script) text.Append($"  check password script = {script}\n");
        if (controller.Settings.ReadablePasswords is { } key) text.Append($"  password hash gpg key ids = {key.Fingerprint}\n");
        foreach (var (name, value) in controller.Settings.Additional) text.Append($"  {name} = {value}\n");
        text.Append($"""
            [sysvol]
              path = {folder}/state/sysvol
              read only = no
            [netlogon]
              path = {folder}/state/sysvol/{options.DnsName}/scripts
              read only = no

            """);
        return text.ToString();
    }

    /// <summary>smb.conf of a standalone server: no domain, no shares but IPC$, every path inside its own folder.</summary>
    public static string FileServer(string name, IPAddress address, string folder) => $"""
        [global]
          workgroup = WORKGROUP
          netbios name = {name}
          server role = standalone server
          interfaces = {address}/8
          bind interfaces only = yes
          private dir = {folder}/private
          state directory = {folder}/state
          cache directory = {folder}/cache
          lock directory = {folder}/lock
          pid directory = {folder}/run
          ncalrpc dir = {folder}/ncalrpc
          passdb backend = tdbsam:{folder}/private/passdb.tdb
          disable netbios = yes
          smb ports = 445
          load printers = no
          printing = bsd
          printcap name = /dev/null

        """;

    /// <summary>krb5.conf that finds the KDCs of domains without DNS.</summary>
    /// <param name="realms">Each realm with its KDCs; the first KDC is also where kpasswd goes.</param>
    public static string Kerberos(IReadOnlyList<(string Realm, IReadOnlyList<IPAddress> Centers)> realms)
    {
        var text = new StringBuilder($"""
            [libdefaults]
              default_realm = {realms[0].Realm}
              dns_lookup_kdc = false
              dns_lookup_realm = false
              rdns = false
              dns_canonicalize_hostname = false
            [realms]

            """);
        foreach (var (realm, centers) in realms)
        {
            text.Append($"  {realm} = {{\n");
            foreach (var center in centers) text.Append($"    kdc = {center}:88\n");
            text.Append($"    kpasswd_server = {centers[0]}:464\n  }}\n");
        }

        text.Append("[domain_realm]\n");
        foreach (var (realm, _) in realms) text.Append($"  .{realm.ToLowerInvariant()} = {realm}\n  {realm.ToLowerInvariant()} = {realm}\n");
        return text.ToString();
    }

    /// <summary>The hosts file of a domain. DCs find each other for replication as (id of the directory service)._msdcs.(domain).</summary>
    public static string Hosts(IEnumerable<SambaDomainController> controllers, SambaDomainOptions options)
    {
        var text = new StringBuilder("127.0.0.1 localhost\n");
        foreach (var controller in controllers)
        {
            text.Append($"{controller.Address} {controller.FullName} {controller.Name} {options.DnsName}\n");
            if (controller.DirectoryServiceId is { } id) text.Append($"{controller.Address} {id:D}._msdcs.{options.DnsName}\n");
        }

        return text.ToString();
    }
}
