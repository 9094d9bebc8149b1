using Azure.Storage.Blobs;

namespace CtSeg.Configuration;

internal sealed record StorageConnectionStringSetting : Setting
{
    public StorageConnectionStringSetting(string name, string meaning, SettingReaders readBy) : base(name, meaning, readBy) => IsSecret = true;

    public override string Expected => "a storage connection string, copied from the storage account";

    public override bool Accepts(string text)
    {
        try
        {
            _ = new BlobServiceClient(text);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}

internal sealed record ServiceBusConnectionStringSetting : Setting
{
    private static readonly string[] Parts = ["Endpoint=sb://", "SharedAccessKeyName=", "SharedAccessKey="];

    public ServiceBusConnectionStringSetting(string name, string meaning, SettingReaders readBy) : base(name, meaning, readBy) => IsSecret = true;

    public override string Expected => "a Service Bus connection string as Endpoint=sb://{namespace}.servicebus.windows.net/;SharedAccessKeyName={name};SharedAccessKey={key}";

    public override bool Accepts(string text)
    {
        var parts = text.Split(';', StringSplitOptions.TrimEntries);
        return Parts.All(part => parts.Any(given => given.StartsWith(part, StringComparison.OrdinalIgnoreCase) && given.Length > part.Length));
    }
}

/// <summary>Tokens are sent there, so only over TLS.</summary>
internal sealed record AddressSetting(string Name, string Meaning, SettingReaders ReadBy, string Example) : Setting(Name, Meaning, ReadBy)
{
    public override string Expected => $"an address as {Example}";

    public override bool Accepts(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps && address.Query.Length == 0 && address.UserInfo.Length == 0;
}

internal sealed record NamespaceSetting(string Name, string Meaning, SettingReaders ReadBy) : Setting(Name, Meaning, ReadBy)
{
    public override string Expected => "a host name as name.servicebus.windows.net";

    public override bool Accepts(string text) => NamespaceAddress.TryParse(text, out _, out _);
}
