"""Spanish, as it is read in Spain and in Latin America: what its copy does without. An accent is another word."""

from string import ascii_lowercase
from typing import Final

from notifications.copy_words.language import Banned, Language, either, listed

_ADVERBS = "ahora|fuera|cerca|para|como|cuando|hasta|contra|tanto|mucho|poco|todo|lejos|abajo|dentro|entonces|mañana"
"""Words in -o and -a that agree with nobody."""

SPANISH: Final = Language(
    name="Spanish",
    letters=frozenset(ascii_lowercase + "áéíóúüñ"),
    marks=frozenset(" .,;:!?¡¿'\u2019-\u2013\u2014"),
    banned=(
        Banned(
            "pressure",
            either(
                listed(
                    "racha rachas pierde pierdes pierden pierdas pierda pierdo perder perderás perderlo perderla",
                    "perderte perdi* perdí perdía te_falta te_faltan te_faltó faltas faltaste sin_falta hace_falta",
                    # "Esperanza" and "inesperado" are innocent.
                    "espera esperan esperas esperando esperaba esperaban esperó espere esperen esperes esperar",
                    "esperarte esperándote aguard* todavía aún sigue_ahí siguen_ahí otra_vez de_nuevo nuevamente",
                    "una_vez_más por_fin al_fin finalmente olvid* atrasad* atraso* retras* vencid* vence vencen",
                    "pendiente pendientes última_oportunidad última_ocasión última_llamada último_aviso",
                    "debe debes deben debo deberás debería deberías deberían debías tienes_que tiene_que tendrás_que",
                    "tendrías_que hay_que habría_que has_de necesitas necesitarás necesario necesaria es_preciso",
                    "imprescindible* urgente* urge recuerda recuerde tu_turno te_toca",
                    "date_prisa deprisa apúrate apresúrate es_hora ya_es_hora",
                ),
                # "Volver" is coming back; "volver a hablar" is speaking again.
                r"\b(?:volver|vuelve|vuelves|vuelvas|volverás|volviste) a \w+(?:ar|er|ir)(?:lo|la|los|las|te)?\b",
                # What English says with "don't": "No olvides", "No te vayas". "No hace falta" is none.
                r"(?:(?<=^)|(?<=[.!?¡:;,] ))no (?:(?:te|lo|la|los|las|me|se|nos) )*"
                r"(?!antes\b|menos\b|mas\b)\w+(?:es|as)\b",
            ),
            innocent=listed(
                "puede_esperar pueden_esperar podría_esperar podrían_esperar no_hace_falta ni_hace_falta sin_prisa",
            ),
        ),
        Banned(
            "mind_reading",
            listed(
                "solo_tú sólo_tú solamente_tú únicamente_tú tu_pareja siente quiere desea necesita anhela extraña",
                "te_echa_de_menos le_gustaría triste tristes tristeza* soledad solitari* preocup* disgust* dolid*",
                "enfad* enoj* molesto molesta afligid* angusti*",
            ),
        ),
        Banned(
            "measuring",
            listed(
                "nivel niveles puntos puntaje* puntuaci* puntúa* porcentaje* por_ciento marcador* calificaci*",
                "ranking* récord* estadística*",
            ),
        ),
        Banned(
            "label",
            listed("ansios* ansiedad evitativ* evitante* codependien* codependen* co-dependien* dependiente* tóxic*"),
        ),
        Banned(
            "gender",
            either(
                listed(
                    "él ella ellos ellas marido* esposo* esposa* mujer mujeres hombre hombres novio* novia* chico",
                    "chicos chica chicas padre padres madre madres señor* amigo amigos amiga amigas compañero*",
                    "compañera* juntos juntas ambos ambas los_dos las_dos el_otro la_otra nosotros",
                    "nosotras ti_mismo ti_misma tú_mismo tú_misma contigo_mismo contigo_misma te_mismo",
                    "alguien_cercan* alguien_querid* todos_ustedes tod@s todxs todes",
                ),
                # An adjective that would have to know who reads: "cuando estés listo", "si te sientes cansada".
                rf"\b(?:estás|estés|estabas|estarás|eres|seas|fuiste|serás|sientes|sientas|quedas|quedes)"
                rf"(?: (?:muy|más|bien|un poco|algo|tan))? (?!(?:{_ADVERBS})\b)\w{{3,}}[oa]\b",
                r"(?:(?<=^)|(?<=[.!?¡¿] )|(?<=^¿)|(?<=^¡))"
                r"(?:tranquil|bienvenid|cansad|list|preparad|animad|content)[oa]\b",
                r"\w(?:/a|/o|@|\(a\)|\(o\))",
            ),
            innocent=listed(
                "las_dos_personas las_dos_partes las_dos_cosas los_dos_lados la_otra_persona la_otra_mitad"
            ),
        ),
        Banned(
            "lock_screen",
            listed(
                "corazón corazones amor amores amoros* amado amada amados amadas amante amantes enamor* te_amo",
                "media_naranja",
                "te_quiero querido querida queridos queridas cariño cariños pareja parejas noviazgo* matrimonio*",
                "relación relaciones meta metas objetivo* ánimo ánimos desánimo* humor terapia* terapeuta*",
                "terapéutic* ayuda ayudas ayudar ayudarte ayudan ayude ayudó ayudaría ayúda*",
            ),
        ),
        # Haven says "tú", and nothing that is at home in one country alone.
        Banned(
            "address",
            listed(
                "usted ustedes vosotros vosotras vos os tenés querés podés sabés",
                "apetec* vale guay chévere platic* ahorita móvil coger",
                "coges coge cogido ordenador celular chido tantito gustes chequea* checa* ordenadores computador*",
            ),
            innocent=listed("vale_la_pena"),
        ),
    ),
    permits=listed(
        "puedes podrías puede pueden podría podrían si cuando bienvenido bienvenida bienvenidos bienvenidas",
        "sin_prisa sin_prisas o_no o_ningun* o_ningún o_nada o_tampoco",
    ),
    asked=listed("puedes podrías podría"),
    presumes=either(
        r"^\W*(?:ya )?\w{2,}(?:aste|iste)\b",
        r"^\W*(?:ya|has|habías|vas a|estás|eres|podrías|puedes|quieres)\b",
        listed(
            "por_qué no nunca jamás nada nadie ningún ninguno ninguna tampoco apenas siquiera al_menos ya",
            "fall* mal equivoc* impid* impidió difícil* dificult* cuesta costó problema* ocupado ocupada cansado",
            "cansada cansancio demasiado demasiada tarde dejaste abandon* atascad* excusa* fracas*",
        ),
    ),
    proper=either(r"(?<=[\w,;:'\u2019\u2013\u2014-] )[¿¡]?[^\W\d_a-záéíóúüñ][\w'\u2019]*"),
)
