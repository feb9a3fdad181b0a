/// Words of which made-up companies are made. The characters are those of the Thousand Character
/// Classic (6th century), the surnames those of the Hundred Family Surnames (10th century).
enum CompanyWords {
  private static let classic =
    "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水"
    + "玉出昆冈剑号巨阙珠称夜光果珍李柰菜重芥姜海咸河淡鳞潜羽翔龙师火帝鸟官人皇始制文字乃服衣裳"
    + "推位让国有虞陶唐吊民伐罪周发殷汤坐朝问道垂拱平章爱育黎首臣伏戎羌遐迩一体率宾归王鸣凤在竹"
    + "白驹食场化被草木赖及万方盖此身四大五常恭惟鞠养岂敢毁伤女慕贞洁男效才良知过必改得能莫忘罔"
    + "谈彼短靡恃己长信使可覆器欲难量墨悲丝染诗赞羔羊景行维贤克念作圣德建名立形端表正空谷传声虚"
    + "堂习听祸因恶积福缘善庆尺璧非宝寸阴是竞资父事君曰严与敬孝当竭力忠则尽命临深履薄夙兴温凊似"
    + "兰斯馨如松之盛川流不息渊澄取映容止若思言辞安定笃初诚美慎终宜令荣业所基籍甚无竟学优登仕摄"
    + "职从政存以甘棠去而益咏乐殊贵贱礼别尊卑上和下睦夫唱妇随外受傅训入奉母仪诸姑伯叔犹子比儿孔"
    + "怀兄弟同气连枝交友投分切磨箴规仁慈隐恻造次弗离节义廉退颠沛匪亏性静情逸心动神疲守真志满逐"
    + "物意移坚持雅操好爵自縻都邑华夏东西二京背邙面洛浮渭据泾宫殿盘郁楼观飞惊图写禽兽画彩仙灵丙"
    + "舍傍启甲帐对楹肆筵设席鼓瑟吹笙升阶纳陛弁转疑星右通广内左达承明既集坟典亦聚群英"

  private static let surnameCharacters =
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛"
    + "奚范彭郎鲁韦昌马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍"
    + "余元卜顾孟平黄和穆萧尹姚邵汪祁毛"

  private static func characters(_ text: some StringProtocol) -> [String] { text.map { "\($0)" } }

  static let surnames = WeightedWords(characters(surnameCharacters), zipfOffset: 2)
  static let givenNames = WeightedWords(characters(classic.prefix(292)), zipfOffset: 15)
  static let brands = WeightedWords(characters(classic.suffix(328)), zipfOffset: 12)
  static let places = characters(classic.dropFirst(120).prefix(75))
  static let industries = WeightedWords(
    [
      "商贸", "食品", "建筑工程", "建筑材料", "物流", "农业开发", "科技", "信息技术", "餐饮服务", "医药",
      "医疗器械", "矿业", "旅游开发", "文化传播", "汽车服务", "机电设备", "装饰工程", "劳务服务", "物业服务",
      "房地产", "种植养殖", "茶业", "花卉", "咖啡", "水电开发", "化工", "印务", "包装", "环境工程",
      "安防工程", "教育咨询", "企业咨询", "酒店服务", "运输", "生物科技", "进出口贸易", "珠宝", "家具", "服装",
      "电子商务",
    ], zipfOffset: 3)
  static let legalForms = WeightedWords(
    ["有限公司", "有限责任公司", "股份有限公司", "分公司", "合伙企业（有限合伙）", "农民专业合作社", "经营部", "商行"],
    weights: [62, 8, 3, 5, 2, 5, 9, 6])
  static let roads = [
    "人民", "北京", "建设", "解放", "环城东", "环城西", "湖滨", "龙泉", "金碧", "学府", "白云", "西昌", "东风",
    "新兴", "团结", "文化", "迎宾", "工业园", "振兴", "河滨", "胜利", "和平", "中山", "光明", "兴隆",
  ]
  static let roadKinds = ["路", "路", "路", "大道", "街", "巷"]
  static let statuses = WeightedWords(
    ["存续", "在业", "注销", "吊销", "迁出"], weights: [70, 12, 12, 4, 2])
  static let credits = WeightedWords(["A", "B", "C", "D"], weights: [55, 30, 11, 4])
  static let capitals: [Int64] = [
    100_000, 300_000, 500_000, 1_000_000, 2_000_000, 3_000_000, 5_000_000, 10_000_000, 20_000_000,
    50_000_000, 100_000_000,
  ]
  static let capitalChoice = WeightedWords(
    capitals.map { "\($0)" }, weights: [8, 5, 14, 22, 12, 7, 13, 10, 5, 3, 1])
  static let phonePrefixes = [
    "138", "139", "135", "136", "137", "150", "151", "152", "158", "159", "187", "188", "130",
    "131", "132", "133", "153", "177", "180", "181", "189", "0871", "0872", "0874",
  ]
}
