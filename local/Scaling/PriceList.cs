using System.Text.Json;

namespace CtSeg.Local.Scaling;

/// <summary>How far a price or a limit can be trusted.</summary>
internal enum Basis
{
    /// <summary>Read on a page of the provider, of which a copy was at hand.</summary>
    Provider,
    /// <summary>Told by others who name the provider's list as their source.</summary>
    Reported,
    /// <summary>Nothing was found.</summary>
    Assumed,
}

/// <param name="Unit">What one costs <paramref name="Amount"/>.</param>
/// <param name="FreeUnits">Units a month that cost nothing, once in a subscription.</param>
internal sealed record Price(string Id, string Service, string Meter, string Unit, double Amount, double FreeUnits, string Region, Basis Basis, string Read, string Source);

/// <param name="Scope">Of what there may be so many: a namespace, an account, a subscription.</param>
internal sealed record ServiceLimit(string Id, string Service, string What, double Value, string Unit, string Scope, Basis Basis, string Read, string Source);

/// <summary>infra-bicep/prices.json: every price and every limit that a figure rests on, with its day and its source.</summary>
internal sealed record PriceList(string Date, string Currency, IReadOnlyList<Price> Prices, IReadOnlyList<ServiceLimit> Limits)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <exception cref="PriceListException">The file is missing, no such list, or has something twice or below zero.</exception>
    public static PriceList Read(string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            var list = JsonSerializer.Deserialize<PriceList>(stream, Json) ?? throw new PriceListException($"{file} holds no list of prices: give one like infra-bicep/prices.json.");
            return list.Checked(file);
        }
        catch (JsonException e)
        {
            throw new PriceListException($"{file} is no list of prices like infra-bicep/prices.json: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PriceListException($"{file} cannot be read: {e.Message}", e);
        }
    }

    /// <exception cref="PriceListException">There is none of this id.</exception>
    public Price PriceOf(string id) =>
        Prices.FirstOrDefault(price => price.Id == id) ?? throw new PriceListException($"The list has no price '{id}': add it to infra-bicep/prices.json.");

    /// <exception cref="PriceListException">There is none of this id.</exception>
    public ServiceLimit LimitOf(string id) =>
        Limits.FirstOrDefault(limit => limit.Id == id) ?? throw new PriceListException($"The list has no limit '{id}': add it to infra-bicep/prices.json.");

    /// <summary>Of one second of an execution, start and clean-up included.</summary>
    public double SecondOf(Hardware hardware) =>
        hardware.Processors * PriceOf("container-apps-vcpu").Amount
        + hardware.MemoryGib * PriceOf("container-apps-memory").Amount
        + (hardware.GpuPrice is { } gpu ? PriceOf(gpu).Amount : 0);

    private PriceList Checked(string file)
    {
        var twice = Prices.Select(price => price.Id).Concat(Limits.Select(limit => limit.Id)).GroupBy(id => id).FirstOrDefault(ids => ids.Count() > 1);
        if (twice is not null)
            throw new PriceListException($"{file} has '{twice.Key}' more than once: leave one.");
        if (Prices.FirstOrDefault(price => price.Amount < 0 || price.FreeUnits < 0) is { } negative)
            throw new PriceListException($"{file}: the price '{negative.Id}' is below zero: correct it.");
        return Limits.FirstOrDefault(limit => limit.Value <= 0) is { } limit
            ? throw new PriceListException($"{file}: the limit '{limit.Id}' is not above zero: correct it.")
            : this;
    }
}

/// <summary>The list of prices cannot be used.</summary>
internal sealed class PriceListException : Exception
{
    public PriceListException(string message) : base(message)
    {
    }

    public PriceListException(string message, Exception inner) : base(message, inner)
    {
    }
}
